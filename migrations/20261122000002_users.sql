create table users (
    id         uuid primary key,
    nickname   text check (char_length(nickname) between 1 and 32),
    avatar_url text,
    created_at timestamptz not null default saoma_now()
);

-- WeChat knows a person by one openid per app. The unionid joins a person's
-- apps and exists only for apps bound to an Open Platform account; it may
-- appear later, so nothing is keyed by it.
create table wechat_identities (
    app_id     text not null,
    openid     text not null,
    unionid    text,
    user_id    uuid not null references users on delete cascade,
    created_at timestamptz not null default saoma_now(),
    primary key (app_id, openid)
);
create index wechat_identities_user_id on wechat_identities (user_id);
