-- A page was opened: $1 attempt, $2 hash of the browser's secret, $3 hash of the scene, $4 image.
with a as (
    insert into login_attempts (id, browser_hash, instance, code_name, code_source, browser_name,
        browser_os, browser_ip, expires_at, ends_at)
    values ($1, $2, 'peer', $4, 'stock', 'Chrome', 'Windows', '127.0.0.0/24',
        saoma_now() + interval '1 hour', saoma_now() + interval '1 hour')
    returning id, expires_at
)
insert into attempt_scenes (scene_hash, attempt_id, expires_at) select $3, id, expires_at from a
