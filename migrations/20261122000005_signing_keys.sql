-- Keys that sign access tokens. The private part is sealed under a key derived
-- from SAOMA_SECRET_KEY, so a dump of this table signs nothing.
create table signing_keys (
    kid            text primary key,
    public_key     bytea not null,
    sealed_private bytea not null,
    created_at     timestamptz not null default saoma_now()
);
