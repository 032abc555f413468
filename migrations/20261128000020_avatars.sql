-- A person's picture, made anew by the server: a square JPEG of at most 256 pixels a side. Its id
-- is random and new with each picture, and stands in its address; users.avatar_url has the path.
-- Only additive: an older version of the server deletes a user and so his picture too.
create table avatars (
    id         uuid primary key,
    user_id    uuid not null unique references users on delete cascade,
    image      bytea not null check (octet_length(image) <= 262144),
    created_at timestamptz not null default saoma_now()
);
-- A JPEG gets no smaller.
alter table avatars alter column image set storage external;
