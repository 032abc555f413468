-- Who holds the phone: $1 hash of its token.
select p.app_id, p.openid, i.user_id
from phone_sessions p
join wechat_identities i on i.app_id = p.app_id and i.openid = p.openid
where p.token_hash = $1 and p.expires_at > saoma_now()
