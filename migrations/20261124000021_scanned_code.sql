-- Whether a reusable code was scanned, one of the pool. The attempt's newest
-- code may be of another kind: after a renewal the one before it is good as well.
alter table login_attempts add column reusable_code boolean not null default false;
