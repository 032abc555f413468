-- How old a code was when it was scanned, in seconds: the phone warns of an old one.
alter table attempt_scenes add column created_at timestamptz not null default saoma_now();
alter table login_attempts add column code_age integer;

-- A blocked user keeps his account and cannot use it.
alter table users add column blocked_at timestamptz;

-- When the phone's list first showed a session: until then it is new there.
alter table sessions add column listed_at timestamptz;

-- Somebody unknown who wanted in while registration was closed. The owner
-- approves him by the reference that his phone shows.
create table pending_users (
    reference  text primary key,
    app_id     text not null,
    openid     text not null,
    unionid    text,
    ip         text not null,
    created_at timestamptz not null default saoma_now(),
    unique (app_id, openid)
);
create index pending_users_created_at on pending_users (created_at);

-- Who did what, when, from where, with what outcome. Addresses are masked, no
-- secret stands here, and a deleted person's rows lose all that names him.
create table audit_log (
    id           bigint generated always as identity primary key,
    at           timestamptz not null default saoma_now(),
    event        text not null,
    outcome      text not null default 'ok',
    user_id      uuid,
    attempt_id   uuid,
    session_id   uuid,
    ip           text,
    browser_name text,
    browser_os   text,
    -- How the person came to the code and what he was asked for.
    entry_scene  integer,
    check_kind   text,
    -- When the user said 'this was not me'.
    reported_at  timestamptz
);
create index audit_log_at on audit_log using brin (at);
create index audit_log_user_id on audit_log (user_id) where user_id is not null;
create index audit_log_attempt_id on audit_log (attempt_id) where attempt_id is not null;
create index audit_log_session_id on audit_log (session_id) where session_id is not null;

-- Of two checks the one that asks for more.
create function saoma_stricter(one text, other text) returns text
language sql immutable parallel safe
return case when 'code' in (one, other) then 'code'
    when 'number' in (one, other) then 'number' else 'none' end;

-- The user of somebody known to WeChat, if he has an account.
create function saoma_user_of(app text, person text) returns uuid
language sql stable parallel safe
return (select user_id from wechat_identities where app_id = app and openid = person);

-- Whether a session's token is still good: 30 days at the most, 7 days without
-- a request, 10 minutes to be presented for the first time. Without a subquery,
-- so that the planner inlines it.
create function saoma_session_lives(s sessions) returns boolean
language sql stable parallel safe
return s.expires_at > saoma_now()
    and s.last_seen_at > saoma_now() - interval '7 days'
    and (s.presented_at is not null or s.created_at > saoma_now() - interval '10 minutes');
