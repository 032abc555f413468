-- The one access token of all instances, sealed. It is renewed by whoever holds
-- the claim, which ends by itself: no transaction stays open over the call.
create table wechat_tokens (
    -- The mini program and the API's address.
    account       text primary key,
    -- Grows with each token: who replaces one says which.
    number        bigint not null,
    -- None before the first.
    sealed        bytea,
    expires_at    timestamptz,
    claimed_by    text,
    claimed_until timestamptz,
    -- WeChat allows few forced refreshes; a day is one in China.
    forced_at     timestamptz,
    forced_on     date,
    forced_today  integer not null default 0
);
