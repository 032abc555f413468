-- A browser's signed-in session. UNIQUE attempt: one login gives one session,
-- however many tabs redeem it at once.
create table sessions (
    id           uuid primary key,
    token_hash   bytea not null unique,
    attempt_id   uuid not null unique,
    user_id      uuid not null references users on delete cascade,
    -- With the browser's secret it gives the token again, for 30 s; then it is erased.
    token_salt   bytea,
    browser_name text not null,
    browser_os   text not null,
    browser_ip   text not null,
    created_at   timestamptz not null default saoma_now(),
    last_seen_at timestamptz not null default saoma_now(),
    -- When the token first came back; a session that nobody took is deleted.
    presented_at timestamptz,
    expires_at   timestamptz not null
);
create index sessions_user_id on sessions (user_id);

create table phone_sessions (
    id         uuid primary key,
    token_hash bytea not null unique,
    app_id     text not null,
    openid     text not null,
    unionid    text,
    created_at timestamptz not null default saoma_now(),
    expires_at timestamptz not null
);
create index phone_sessions_identity on phone_sessions (app_id, openid);
