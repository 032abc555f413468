-- A phone scanned: $1 hash of the scene, $2 app, $3 openid, $4 hash of the nonce, $5 entry scene.
with a as (
    update login_attempts a set
        state = 'scanned', version = saoma_next_version(a.version, a.expires_at),
        app_id = $2, openid = $3, nonce_hash = $4, entry_scene = $5,
        expires_at = least(saoma_now() + interval '1 hour', a.ends_at)
    from attempt_scenes s
    where s.scene_hash = $1 and s.expires_at > saoma_now() and s.attempt_id = a.id
        and a.state = 'pending' and a.expires_at > saoma_now()
    returning a.*
), audited as (
    insert into audit_log (event, user_id, attempt_id, ip, browser_name, browser_os, entry_scene)
    select 'scan', (select user_id from wechat_identities where app_id = $2 and openid = $3), id,
        browser_ip, browser_name, browser_os, entry_scene
    from a
)
select id, version from a
