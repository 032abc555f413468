-- The server processes on this database, as each of them last said of itself.
create table instances (
    -- SAOMA_INSTANCE, which attempts name as the holder of their browser's socket.
    name         text primary key,
    -- Random for each process: tells two of one name apart.
    process      uuid not null,
    -- By what it hears of the others: redis, direct or none.
    way          text not null,
    -- Where the others reach its admin address; null without SAOMA_INTERNAL_URL.
    internal_url text,
    version      text not null,
    started_at   timestamptz not null default saoma_now(),
    heartbeat_at timestamptz not null default saoma_now()
);
