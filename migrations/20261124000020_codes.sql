-- Codes made ahead of their use. The scene is not here: its hash finds the
-- attempt, and only the image carries it.
create table codes (
    id         bigint generated always as identity primary key,
    kind       text not null check (kind in ('stock', 'pool', 'live')),
    scene_hash bytea not null unique,
    -- The image's name: SHA-256 of its bytes, and their kind.
    image      text not null,
    -- The image's size.
    bytes      integer not null,
    -- What the image opens (mini program, page, version, width): a code that
    -- opens something else is never shown.
    opens      text not null,
    created_at timestamptz not null default saoma_now(),
    -- A code of the stock is used once: by this instance, since then.
    taken_by   text,
    taken_at   timestamptz,
    -- A code of the pool is leased to one attempt at a time, each time with the
    -- next epoch.
    number     integer,
    epoch      bigint not null default 0,
    attempt_id uuid,
    -- The end of the lease; its quarantine begins then.
    lease_ends_at timestamptz,
    check ((kind = 'pool') = (number is not null)),
    check (epoch >= 0)
);
create index codes_ready on codes (opens, id) where kind = 'stock' and taken_at is null;
create index codes_taken_at on codes (taken_at) where taken_at is not null;
create unique index codes_number on codes (number) where number is not null;

-- The lease by which a scene stands for its attempt; 0 for a code used once. A
-- scene of the pool belongs to the attempt of its highest epoch.
alter table attempt_scenes add column epoch bigint not null default 0;
