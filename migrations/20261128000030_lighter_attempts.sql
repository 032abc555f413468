-- A confirm writes the user into the attempt. As long as an index and a foreign
-- key held that column, it cost entries in all indexes and a lock of the user's
-- row. The person's attempts are found by his identity; a redeem looks whether
-- the user is still there.
alter table login_attempts drop constraint login_attempts_user_id_fkey;
drop index login_attempts_user_id;

-- A session's first use, its later ones and the end of its salt write no index;
-- with some room they stay on their page.
alter table sessions set (fillfactor = 80);
