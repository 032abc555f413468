-- From when a key signs: it is published some minutes before, since clients keep
-- the key set. Keys that were there count their age from now, so that an upgrade
-- changes no key under an older version that runs beside it and reads them only
-- at its start. An older version that starts signs with the newest key, which
-- may not be due yet, but is published.
alter table signing_keys add column signs_from timestamptz not null default saoma_now();
