-- Autovacuum analyzes what grows, once a minute. Of 30,000 rows and thirty columns that took a
-- processor for 141 ms, and logins waited. All statements of a login go by a key or an index,
-- whatever the sample says: 3,000 rows are enough, and take 13 ms. A column that is added later
-- brings the larger sample back, unless its statistics are set so as well.
do $$
declare
    part record;
begin
    for part in
        select attrelid::regclass as "table", attname as "column" from pg_attribute
        where attnum > 0 and not attisdropped and attrelid in (
            'login_attempts'::regclass, 'attempt_scenes'::regclass, 'sessions'::regclass,
            'phone_sessions'::regclass, 'audit_log'::regclass, 'codes'::regclass)
    loop
        execute format('alter table %s alter column %I set statistics 10', part."table", part."column");
    end loop;
end $$;
