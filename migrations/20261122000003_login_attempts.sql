-- One row for each code that was shown. `expired` is never written: an open
-- row past `expires_at` is expired, whoever reads it.
create table login_attempts (
    id                    uuid primary key,
    -- SHA-256 of the browser's secret: the only way to this attempt's login.
    browser_hash          bytea not null,
    -- The instance that holds the browser's socket.
    instance              text not null,
    state                 text not null default 'pending' check (state in
        ('pending', 'scanned', 'approved', 'confirmed', 'redeemed', 'cancelled', 'failed')),
    reason                text,
    version               integer not null default 1,
    -- The newest code: the image's name says nothing about the scene.
    code_name             text not null,
    code_source           text not null,
    silent_renewals       smallint not null default 0,
    -- What the phone has to be asked; the tries sit here so that no rescan resets them.
    check_kind            text not null default 'none' check (check_kind in ('none', 'number', 'code')),
    check_number          smallint check (check_number between 0 and 99),
    tries_left            smallint not null default 3,
    -- The mark of a confirm by somebody who has no account yet.
    awaiting_registration boolean not null default false,
    registration_extended boolean not null default false,
    -- What the phone shows about the browser.
    browser_name          text not null,
    browser_os            text not null,
    browser_ip            text not null,
    return_to             text,
    -- Who scanned.
    app_id                text,
    openid                text,
    entry_scene           integer,
    nonce_hash            bytea,
    user_id               uuid references users on delete set null,
    created_at            timestamptz not null default saoma_now(),
    expires_at            timestamptz not null,
    -- The latest `expires_at` that any step may set.
    ends_at               timestamptz not null
) with (fillfactor = 70);
-- No index holds `state` or a time, so that most updates stay on their page.
create index login_attempts_browser_hash on login_attempts (browser_hash);
create unique index login_attempts_nonce_hash on login_attempts (nonce_hash) where nonce_hash is not null;
create index login_attempts_identity on login_attempts (app_id, openid) where openid is not null;
create index login_attempts_user_id on login_attempts (user_id) where user_id is not null;
create index login_attempts_created_at on login_attempts using brin (created_at);

-- A renewal gives an attempt a new scene; the one before stays good for a while.
create table attempt_scenes (
    scene_hash bytea primary key,
    attempt_id uuid not null references login_attempts on delete cascade,
    expires_at timestamptz not null
);
create index attempt_scenes_attempt_id on attempt_scenes (attempt_id);

-- `expired` is read as the written version and one more. A change that is
-- committed next to the end of an attempt's time must not have that number,
-- since somebody may have read `expired` while it was being written.
create function saoma_next_version(version integer, expires_at timestamptz) returns integer
language sql stable parallel safe
return version + 1 + (expires_at < saoma_now() + interval '3 seconds')::integer;
