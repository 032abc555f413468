-- The browser takes its login: $1 attempt, $2 hash of its secret, $3 session, $4 hash of its token.
with a as (
    update login_attempts set
        state = 'redeemed', version = saoma_next_version(version, expires_at)
    where id = $1 and browser_hash = $2 and state = 'confirmed' and expires_at > saoma_now()
    returning *
), session as (
    insert into sessions (id, token_hash, attempt_id, user_id, browser_name, browser_os,
        browser_ip, expires_at)
    select $3, $4, id, user_id, browser_name, browser_os, browser_ip,
        saoma_now() + interval '30 days'
    from a
), audited as (
    insert into audit_log (event, user_id, attempt_id, session_id, ip, browser_name, browser_os)
    select 'login', user_id, id, $3, browser_ip, browser_name, browser_os from a
)
select u.id, u.nickname from users u join a on a.user_id = u.id
