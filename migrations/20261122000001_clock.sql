-- All times come from this one clock. `saoma.clock_offset` (an interval) is a
-- setting of the database that only tests set, so that a test moves its own
-- database's clock instead of sleeping. A setting and not a table: the planner
-- inlines this into every guard.
create function saoma_now() returns timestamptz
language sql stable parallel safe
return now() + coalesce(nullif(current_setting('saoma.clock_offset', true), ''), '0')::interval;
