-- Which phone session agreed: only that one and the session that the attempt
-- became are a pair. Null where an older version of the server wrote the row.
alter table login_attempts add column phone_session_id uuid;
alter table sessions add column phone_session_id uuid;
create index sessions_phone_session_id on sessions (phone_session_id) where phone_session_id is not null;

-- How many sockets a phone session has opened: the newest wins, on whichever instance.
alter table phone_sessions add column sockets integer not null default 0;

-- By what other instances address what they seal for this process; null in a
-- version that opens nothing sealed.
alter table instances add column channel uuid;
