-- The person agreed: $1 hash of the nonce, $2 app, $3 openid, $4 user.
with a as (
    update login_attempts set
        state = 'confirmed', version = saoma_next_version(version, expires_at), user_id = $4,
        expires_at = least(saoma_now() + interval '1 hour', ends_at)
    where nonce_hash = $1 and app_id = $2 and openid = $3
        and state = 'scanned' and expires_at > saoma_now()
        and exists (select from users where id = $4 and blocked_at is null)
    returning *
), audited as (
    insert into audit_log (event, user_id, attempt_id, ip, browser_name, browser_os, entry_scene)
    select 'confirm', user_id, id, browser_ip, browser_name, browser_os, entry_scene from a
)
select id, version from a
