-- Whoever is blocked may still have his account deleted. So that he does not
-- register anew a minute later, a hash of who he is to WeChat stays: it names
-- nobody, and openids are too long to be guessed from it.
create table barred_people (
    person_hash bytea primary key,
    created_at  timestamptz not null default saoma_now()
);

create function saoma_person_hash(app text, person text) returns bytea
language sql immutable parallel safe
return sha256(convert_to(app || ' ' || person, 'UTF8'));
