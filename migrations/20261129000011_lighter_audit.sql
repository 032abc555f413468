-- By its session one is looked for among those of its user.
drop index audit_log_attempt_id;
drop index audit_log_session_id;
