-- A login writes three entries of the audit log, and an index on the attempts of all of them cost
-- each an entry more. By its attempt only one is looked for that names no user, or that tells
-- of a phone that tried another's code or of a login that nobody collected.
create index audit_log_nameless on audit_log (attempt_id)
    where user_id is null and attempt_id is not null;
create index audit_log_rare on audit_log (attempt_id)
    where outcome in ('contested', 'uncollected');
