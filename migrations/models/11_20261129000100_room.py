from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        CREATE TABLE IF NOT EXISTS "pairs" (
    "id" UUID NOT NULL PRIMARY KEY,
    "sign" SMALLINT,
    "created_at" TIMESTAMPTZ NOT NULL,
    "left_source_id" UUID NOT NULL REFERENCES "sources" ("id") ON DELETE CASCADE,
    "project_id" UUID NOT NULL REFERENCES "projects" ("id") ON DELETE CASCADE,
    "right_source_id" UUID NOT NULL REFERENCES "sources" ("id") ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS "idx_pairs_left_so_322c17" ON "pairs" ("left_source_id");
CREATE INDEX IF NOT EXISTS "idx_pairs_right_s_3da70c" ON "pairs" ("right_source_id");
COMMENT ON TABLE "pairs" IS 'Two sources that are reconciled with each other. Jobs in either direction belong to the same pair.';
        CREATE TABLE IF NOT EXISTS "book_entries" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "term" VARCHAR(16) NOT NULL,
    "currency" VARCHAR(3),
    "amount" DECIMAL(1000,9) NOT NULL,
    "records" BIGINT NOT NULL,
    "without_amount" BIGINT NOT NULL,
    "pair_id" UUID REFERENCES "pairs" ("id") ON DELETE CASCADE,
    "source_id" UUID REFERENCES "sources" ("id") ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS "idx_book_entrie_source__a1497d" ON "book_entries" ("source_id");
CREATE INDEX IF NOT EXISTS "idx_book_entrie_pair_id_1f6e4e" ON "book_entries" ("pair_id");
COMMENT ON TABLE "book_entries" IS 'A change of one term of the books: an amount and a number of records, both signed.';
        CREATE TABLE IF NOT EXISTS "job_exclusions" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "record_id" UUID,
    "match_id" UUID,
    "job_id" UUID NOT NULL REFERENCES "reconciliation_jobs" ("id") ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS "idx_job_exclusi_job_id_9402d7" ON "job_exclusions" ("job_id", "record_id");
COMMENT ON TABLE "job_exclusions" IS 'Something that a job left out when it first started, and that was undone since: a record of a match that was';
        CREATE TABLE IF NOT EXISTS "match_comments" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "author_id" UUID,
    "text" TEXT NOT NULL,
    "edited_at" TIMESTAMPTZ,
    "match_id" UUID NOT NULL REFERENCES "matches" ("id") ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS "idx_match_comme_match_i_102c64" ON "match_comments" ("match_id", "id");
COMMENT ON TABLE "match_comments" IS 'What somebody wrote about a match.';
        CREATE TABLE IF NOT EXISTS "decisions" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "pair_id" UUID,
    "kind" VARCHAR(16) NOT NULL,
    "is_bulk" BOOL NOT NULL,
    "decided_by" UUID,
    "actor_type" VARCHAR(16) NOT NULL,
    "actor_id" UUID,
    "reason" TEXT,
    "project_id" UUID NOT NULL REFERENCES "projects" ("id") ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS "idx_decisions_project_e408c2" ON "decisions" ("project_id", "id");
COMMENT ON TABLE "decisions" IS 'A verb that somebody applied to one match or to many.';
        CREATE TABLE IF NOT EXISTS "decision_matches" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "before" VARCHAR(16),
    "after" VARCHAR(16) NOT NULL,
    "previous" JSONB,
    "undone_at" TIMESTAMPTZ,
    "undone_by" UUID,
    "decision_id" UUID NOT NULL REFERENCES "decisions" ("id") ON DELETE CASCADE,
    "match_id" UUID NOT NULL
);
CREATE INDEX IF NOT EXISTS "idx_decision_ma_match_i_af013b" ON "decision_matches" ("match_id", "id");
CREATE INDEX IF NOT EXISTS "idx_decision_ma_decisio_e023f1" ON "decision_matches" ("decision_id");
COMMENT ON TABLE "decision_matches" IS 'A match that a decision touched, and the state that it had before.';
        ALTER TABLE "projects" ADD "auto_confirm_up_to" JSONB;
        ALTER TABLE "projects" ADD "write_off_limit" JSONB;
        ALTER TABLE "projects" ADD "reason_codes" JSONB NOT NULL DEFAULT '[]';
        ALTER TABLE "projects" ADD "four_eyes_over" JSONB;
        ALTER TABLE "reconciliation_jobs" ADD "pair_id" UUID;
        ALTER TABLE "matches" ADD "remainder" DECIMAL(38,9);
        ALTER TABLE "matches" ADD "remainder_record_id" UUID;
        ALTER TABLE "matches" ADD "difference_reason" VARCHAR(64);
        ALTER TABLE "matches" ADD "turned" BOOL NOT NULL DEFAULT False;
        ALTER TABLE "matches" ADD "pair_id" UUID;
        ALTER TABLE "matches" ADD "difference_as" VARCHAR(8) NOT NULL DEFAULT 'open';
        ALTER TABLE "matches" ADD "signatures" JSONB NOT NULL DEFAULT '[]';
        ALTER TABLE "matches" ADD "extends_id" UUID;
        ALTER TABLE "matches" ADD "remainder_since" TIMESTAMPTZ;
        ALTER TABLE "matches" ADD "remainder_side" VARCHAR(5);
        ALTER TABLE "matches" ALTER COLUMN "job_id" DROP NOT NULL;
        ALTER TABLE "match_records" ADD "currency" VARCHAR(3);
        ALTER TABLE "match_records" ADD "pair_id" UUID;
        ALTER TABLE "match_records" ADD "amount" DECIMAL(38,9);
        ALTER TABLE "match_records" ALTER COLUMN "job_id" DROP NOT NULL;

-- A pair is the same in both directions.
CREATE UNIQUE INDEX pairs_sources ON pairs (least(left_source_id, right_source_id), greatest(left_source_id, right_source_id));

-- Lists of a pair's matches.
CREATE INDEX matches_pair ON matches (pair_id, id);
CREATE INDEX matches_pair_status ON matches (pair_id, status, id);
CREATE INDEX matches_remainders ON matches (pair_id, id) WHERE remainder IS NOT NULL;
CREATE INDEX matches_without_job ON matches (project_id) WHERE job_id IS NULL;

-- What goes takes its rows along by triggers, one statement for all of them (migration 4).
CREATE FUNCTION remove_matches_of_pairs() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE 'DELETE FROM matches m USING gone g WHERE m.pair_id = g.id';
    RETURN NULL;
END $$;
CREATE TRIGGER pairs_remove_matches AFTER DELETE ON pairs REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION remove_matches_of_pairs();

CREATE FUNCTION remove_matches_of_projects() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE 'DELETE FROM matches m USING gone g WHERE m.project_id = g.id AND m.job_id IS NULL';
    RETURN NULL;
END $$;
CREATE TRIGGER projects_remove_matches AFTER DELETE ON projects REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION remove_matches_of_projects();

CREATE FUNCTION remove_decisions_of_matches() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE 'DELETE FROM decision_matches d USING gone g WHERE d.match_id = g.id';
    RETURN NULL;
END $$;
CREATE TRIGGER matches_remove_decisions AFTER DELETE ON matches REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION remove_decisions_of_matches();

-- What there is: the pairs of all jobs, and the terms of their books. So far all matches have one currency, and every
-- difference is left open. A pair turns signs if the plan of its first confirmed match does.
INSERT INTO pairs (id, project_id, left_source_id, right_source_id, created_at)
    SELECT DISTINCT ON (least(left_source_id, right_source_id), greatest(left_source_id, right_source_id))
        gen_random_uuid(), project_id, left_source_id, right_source_id, created_at FROM reconciliation_jobs
    ORDER BY least(left_source_id, right_source_id), greatest(left_source_id, right_source_id), id;
UPDATE reconciliation_jobs j SET pair_id = p.id FROM pairs p
    WHERE least(p.left_source_id, p.right_source_id) = least(j.left_source_id, j.right_source_id)
      AND greatest(p.left_source_id, p.right_source_id) = greatest(j.left_source_id, j.right_source_id);
UPDATE matches m SET pair_id = j.pair_id, turned = p.left_source_id <> j.left_source_id
    FROM reconciliation_jobs j JOIN pairs p ON p.id = j.pair_id WHERE j.id = m.job_id;
UPDATE match_records u SET pair_id = m.pair_id, amount = r.amount, currency = r.currency
    FROM matches m, reconciliation_records r WHERE m.id = u.match_id AND r.id = u.record_id;
UPDATE pairs p SET sign = (
    SELECT CASE WHEN (SELECT count(*) FROM jsonb_each(j.plan_document->'fields') f, jsonb_each(f.value) s
                      WHERE f.value->>'type' = 'money' AND s.key IN ('left', 'right')
                        AND jsonb_typeof(s.value) = 'object' AND s.value->>'negate' = 'true') % 2 = 1 THEN -1 ELSE 1 END
    FROM matches m JOIN reconciliation_jobs j ON j.id = m.job_id
    WHERE m.pair_id = p.id AND m.status = 'confirmed' ORDER BY m.id LIMIT 1);
INSERT INTO book_entries (source_id, term, currency, amount, records, without_amount)
    SELECT source_id, 'total', currency, coalesce(sum(amount), 0), count(*), count(*) FILTER (WHERE amount IS NULL)
    FROM reconciliation_records GROUP BY source_id, currency;
INSERT INTO book_entries (source_id, term, currency, amount, records, without_amount)
    SELECT source_id, 'open', currency, coalesce(sum(amount), 0), count(*), count(*) FILTER (WHERE amount IS NULL)
    FROM reconciliation_records r
    WHERE NOT EXISTS (SELECT 1 FROM match_records u WHERE u.record_id = r.id AND u.confirmed)
    GROUP BY source_id, currency;
INSERT INTO book_entries (pair_id, term, amount, records, without_amount)
    SELECT pair_id, status, 0, count(*), 0 FROM matches GROUP BY pair_id, status;
INSERT INTO book_entries (source_id, pair_id, term, currency, amount, records, without_amount)
    SELECT source_id, pair_id, 'suggested', currency, coalesce(sum(amount), 0), count(*), count(*) FILTER (WHERE amount IS NULL)
    FROM (SELECT DISTINCT u.pair_id, r.id, r.source_id, r.currency, r.amount
          FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id WHERE u.active AND NOT u.confirmed) s
    GROUP BY 1, 2, 4;
CREATE TEMPORARY TABLE shares ON COMMIT DROP AS
    SELECT x.*, CASE WHEN l * r * sign < 0 THEN 0 WHEN abs(l) <= abs(r) THEN l ELSE r * sign END AS matched FROM (
        SELECT m.id, m.pair_id, coalesce(p.sign, 1) AS sign, max(u.currency) AS currency,
            coalesce(sum(u.amount) FILTER (WHERE u.side = 'left'), 0) AS l,
            coalesce(sum(u.amount) FILTER (WHERE u.side = 'right'), 0) AS r,
            CASE WHEN m.turned THEN p.right_source_id ELSE p.left_source_id END AS left_source_id,
            CASE WHEN m.turned THEN p.left_source_id ELSE p.right_source_id END AS right_source_id
        FROM matches m JOIN pairs p ON p.id = m.pair_id JOIN match_records u ON u.match_id = m.id
        WHERE m.status = 'confirmed' GROUP BY m.id, p.id) x;
INSERT INTO book_entries (source_id, pair_id, term, currency, amount, records, without_amount)
    SELECT source_id, pair_id, term, currency, sum(amount), 0, 0 FROM (
        SELECT left_source_id AS source_id, pair_id, currency, 'matched' AS term, matched AS amount FROM shares
        UNION ALL SELECT right_source_id, pair_id, currency, 'matched', matched * sign FROM shares
        UNION ALL SELECT left_source_id, pair_id, currency, CASE WHEN l * r * sign < 0 THEN 'booked' ELSE 'remainder' END, l - matched FROM shares
        UNION ALL SELECT right_source_id, pair_id, currency, CASE WHEN l * r * sign < 0 THEN 'booked' ELSE 'remainder' END, r - matched * sign FROM shares
    ) x GROUP BY 1, 2, 3, 4;
INSERT INTO book_entries (source_id, pair_id, term, currency, amount, records, without_amount)
    SELECT r.source_id, u.pair_id, 'matched', u.currency, 0, count(*), count(*) FILTER (WHERE u.amount IS NULL)
    FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id WHERE u.confirmed GROUP BY 1, 2, 4;
UPDATE matches m SET remainder = CASE WHEN l <> matched THEN l - matched ELSE r - matched * sign END,
        remainder_side = CASE WHEN l <> matched THEN 'left' ELSE 'right' END, remainder_since = coalesce(decided_at, created_at)
    FROM shares s WHERE s.id = m.id AND s.l * s.r * s.sign >= 0 AND (l <> matched OR r <> matched * sign);"""


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        DELETE FROM matches WHERE job_id IS NULL;
        DELETE FROM matches WHERE status = 'withdrawn';
        DROP TRIGGER matches_remove_decisions ON matches;
        DROP TRIGGER projects_remove_matches ON projects;
        DROP TRIGGER pairs_remove_matches ON pairs;
        DROP FUNCTION remove_decisions_of_matches();
        DROP FUNCTION remove_matches_of_projects();
        DROP FUNCTION remove_matches_of_pairs();
        DROP INDEX matches_without_job, matches_remainders, matches_pair_status, matches_pair, pairs_sources;
        ALTER TABLE "projects" DROP COLUMN "auto_confirm_up_to";
        ALTER TABLE "projects" DROP COLUMN "write_off_limit";
        ALTER TABLE "projects" DROP COLUMN "reason_codes";
        ALTER TABLE "projects" DROP COLUMN "four_eyes_over";
        ALTER TABLE "reconciliation_jobs" DROP COLUMN "pair_id";
        ALTER TABLE "matches" DROP COLUMN "remainder";
        ALTER TABLE "matches" DROP COLUMN "remainder_record_id";
        ALTER TABLE "matches" DROP COLUMN "difference_reason";
        ALTER TABLE "matches" DROP COLUMN "turned";
        ALTER TABLE "matches" DROP COLUMN "pair_id";
        ALTER TABLE "matches" DROP COLUMN "difference_as";
        ALTER TABLE "matches" DROP COLUMN "signatures";
        ALTER TABLE "matches" DROP COLUMN "extends_id";
        ALTER TABLE "matches" DROP COLUMN "remainder_since";
        ALTER TABLE "matches" DROP COLUMN "remainder_side";
        ALTER TABLE "matches" ALTER COLUMN "job_id" SET NOT NULL;
        ALTER TABLE "match_records" DROP COLUMN "currency";
        ALTER TABLE "match_records" DROP COLUMN "pair_id";
        ALTER TABLE "match_records" DROP COLUMN "amount";
        ALTER TABLE "match_records" ALTER COLUMN "job_id" SET NOT NULL;
        DROP TABLE IF EXISTS "job_exclusions";
        DROP TABLE IF EXISTS "book_entries";
        DROP TABLE IF EXISTS "pairs";
        DROP TABLE IF EXISTS "decision_matches";
        DROP TABLE IF EXISTS "decisions";
        DROP TABLE IF EXISTS "match_comments";"""


MODELS_STATE = (
    "eJztXWtz27a2/SsYfznJjOr6Eadpz507Y6c+rds8OonTx006KiTCEmuKUAnKis45/e8XGy"
    "TFF0gREimR9P7QxhKxSWoBBPde+/Wfoxm3mCOOL+f2Lb9n7tE35D9HLp0x+Ufu2IAc0fk8"
    "PgJf+HTkqMF0bg99GKa+piPhe3TsyyN31BFMfmUxMfbsuW9zuMrRJVGjydL2p2Q5tcdTQs"
    "nc4xOPzoiUFOSOe8SW//Kly7xj8tZ1VsSfMvL++8svzi6eE36nDgs29phPbPmXzz1mHcP1"
    "LT6WN2C7k2Yv9cn95F4Sjz3I81vhVYRPV2JARmxMF4Kp09CFZfvE4RMC0Ap5LkJdi0ypkD"
    "LkzpZ/x1eH21+49l8LJvGcMCnvyR/x8Xf5tRzIPjMBHz8eyZN7Q9uC4eENDKl/9DuMm98P"
    "72zmWKnZDIaq74f+aq6++/Dh5tt/qZGA2Wg45s5i5saj5yt/yt318MXCto5BBo5NmLxb6j"
    "MrMcfuwnHCBRF9FfwU+YXvLdj6N1jxFxa7owsHVsrR/9wt3DEsEDKW8B7bljiGS371v+Ht"
    "JYYOh2/e3g7fX98Oh0e5xQW3kVkE4Vdj7sLCtF0fUPzP38F5Y1DUt0dwgZffX757cv78qY"
    "KBC3/iqYMKsqO/lSD1aSCqZiRGWi4SwAWmI4f4t/KIb8+YHvW0ZAZ9KxQ9jv7YZhaiL+Jp"
    "iJ/PonkYO3x8f+zy5SHm4fbm9fX728vXP8HpZ0L85SgYL2+v4ciZ+naV+fZJMG1c7kDB5r"
    "Q+Cfnl5vZ7Ah/J/719c52d3PW42/87gnuiC58P5Q8fUisJVfR19JUcGs/+Ym5tOftpSZz9"
    "Ls7+A/ME/Pzc1N+4vn7WExKZKZf4NDXJpw1NpbxZ+c8XZ6fPvnr24vz5sxdyiLrL9Tdflc"
    "z2zZtbtbXGcKp/c1i+nFJPD2Y0PoOkvMWmkIygaQLMGf08dJg78aeA4MXzEuh+vnyn3lhy"
    "VGb1vwkPnQXH0vhKFWSax/fKdqm30iMcSWQQHq18JjqIcQmkV6/eXqW2HQnk1c2by3e/PX"
    "l9+evT1N7z6u2b76LxyS3l6rfb68sM5mLM5wFWadR/eP/2jR7zWCL7UrDHPvkvcWzR2E5x"
    "GOwBixT20SpeQ59Y4C81wMMJrjLAS5X/Tzb2pdJshH5GbKcpCHXexzoDD3D7pvinhBD97d"
    "F3mb/k3r0R+EkZxH577NnnuS0Pb2EVpCUPZRUcZio6p/47VPjDhdjK/MvK1jDV3XnoOjfT"
    "Cc7NcJ7TkjjLbZ7lBMlalTlNiNRJn7Z3UjcwpUBI391riVKAKg/tv7jH7In7Iwss0Bt5H9"
    "Qd68z60EHxITxNNyGNv40fZY8u1wx+ckHJ3y5/MfMDFuTy/cvLb6+PFMIjOr5fUs8apqCG"
    "I/yMZ75Zj80fmp3Nst9Ql04UOPAr4J5D1F/xie2+4TAzGqdR4uigzG3kwDj5+MmBlR1H7m"
    "I2Yh7xp9RX7pW5vEEypa6l3CnfcT5xmHKwqBFjDi4X+M1EyGXFrAERPDhEwY/jMDf03NiC"
    "SF3XnxKX+1M5czpP0t6uDa6lG+VrApWAAEADMgrcUiOPL0V0F1SA7ynwYIWuq8htZdkTJn"
    "xBqMfIPZv7lX1LCZ1THvsYWQEgnjxU6GvS00rFtF0BqbQlbbfZ07Q30u75swqc3fNnhZQd"
    "HCp3NoVrwQTthEgPedK6IM/ZzUY8dCyCEFeAGM3j3qrTOf3vMOrKO3Ynf8i0MMoldbxUZf"
    "GCkYbRLqFU8LrfLZpll1NtfvsXvtQdzu8Xc5NdMJbo3Yv9/KzCFnh+VrgFwqHyFzu65ooB"
    "bso11/XIHXwNVWJ1UNt4FNO8JQ+PFHyX5veerUxUkqTMVkpJy+YzrZWcnr2ooJbIUYV6iT"
    "qWeSlObUfDgBdjvBboH8B1qX3oR3pcW5VgAoI8DV1JaSn0JpV7k0K0anAovY/P1E1gN/qU"
    "0iurTW6lCHsNRZOYlmJ2JvxllXmZcPw3hLtMOWm+sN1BkCpE00yLcusoYmUxHksp7gkdO7"
    "P7CR999o+6EvzvGWb+bPsyb+nO1Iu3ecuivHCqkSrCad5pmuXBKXN9e7zl9q2Txylv9ZSj"
    "V79xr/7YsZmreZZKqKO1BAJcAWAkjx7DThXM1VBaCEJHbxQ/TTlBJGQ3E7IzaXRzI747lt"
    "jfpnU0X0Y30rRPoUra8Wlx1vFpLukYg+oxqP7QBOgOQfXJjTkbCZYJ1gnl//XjO+ZQX1/l"
    "oSD+rCe4/90kV3w79bjvKzxyZPH62KCMLfbDUZXp4jFfuD7zIMZuToWQ5oBFqO+z2dwXxy"
    "QI2LfdscdmUo9llvw7Ku0k4aCuoAHDOWJ38oEMMwjC00jJ8ZSN7/VBf/u78A4hgobO+F38"
    "8G0ODnx2clLhnSlHFb401bENXDMsiDzahXVm1uP3V2WmScBrLjSzlL9DauXyrehtxwBpT4"
    "AUUKsNqxGUtpKTJR8M2zGd8JwwGtFtm+uWpB4oVVqjokQqdrF6AlpqVdXEJXSs9niN9pA+"
    "tsMLvlNuZCwiecBXEJYRxCKSOPtYRLIFuj2bUZ16V2yXrgV6Z5meXVTxQclRJUUkc14oyx"
    "Zzh66GpsU6s3I9dPk1UrTT444RztH4HuJbv3NCGvD+QsPlFsMbS+zR/QN03gPrqgcooh6H"
    "poVCcoL982g2smXM2Xxe4HQrATsp1D+g63cdr1fneErdyVbqe8EpkFtqs76+nrTto0ULTo"
    "Hz3uZ5V37fobm1lpNDmy1rs6kw+aA43JYx9klhfIza/BhNVNW8oViMTLSTtFQt6kmrDPWL"
    "SlrgRYkWePFUFylUJbAl3cxr+6CWZOuwjtmZhQEtmrTeHVHqX7ppJqASSmaKqT3fEaefgk"
    "YMr9X5+opW0O2gNsx+htP1D7Em3bWX87kDiTzyXn9kqyON4zYzYlDeF3E9FuqOVA40k2NJ"
    "6MlTxV9VhVd/qqK8hE+dYOK/CSK5lKE+SPQalNLBxzGFemEQNQaf5NdfMHfsrdSF4KMu1G"
    "yfl97BF33Y3lAt0hWar0V3z+4NuaNYooesc/3M0dKT+wTTIFxW7y8hhCX/klYNlvxDG7M9"
    "4V/v7YkrYS7QJRJHS/UIEYwz0SFccm1JK/D0a/VGV8Xi4SwCgsGkyREUIdHVMDEQ3CVY3P"
    "CNUufrpEVv7+ZLxM8XI6mCmr1bYhl8tWz7akGtqWl/m2c/SDSGW2lPGmFc6tsudYiBMDLG"
    "1gI9XOj1x0ugktpbJTVVkoT7Q3rn6/J3y2c5JYjOrrbNcUsMkZA/P9JYIdGhUhMkbIRcmc"
    "IMxwdEoeALTxoPA/InHwlV+VAx3QL4QUp8Rmc6KnKbU2B6C6a3YIJD6zZBTG/B2cf0lgZC"
    "pQ7rB2uV5dVI7HTyznIw37LPBWs2I7bH3IBD7EHXv96mtp8IUT2tEA1PzMBLYBrSwMMO/m"
    "/uGi3upMweIf9w+7Ip1JuvIQjV4SSEFtPEmvzw/u2bgqyijFz2XWyPffJf4tiisQ068RYe"
    "LWzHt11xDNc7xEsYcCp/ALJrPfNihRNkH4ClZ/tsyO/uho49szW6UvHsaER3mqDuMAKNzM"
    "SdND2HbMXEkD/o6JniichL4jxsPw9Kr5T3cGd7s+FiLo18k7nQS+N8mM3HVhHFYUCjxkWD"
    "AaCZmOKA5doNqffqJH2FyKErvvBrgeiVOlVfgZo7dNfg9J/kKfoKD/DIu6HzAx/1FZw5tX"
    "fer+Up+gqPxcZ2Dbkf34an6StMgYdmN4xUDkOfANqDky/UkYpdfbEStdHhN0wob5v9fr9A"
    "uCAlcykgDfMZXRGLQzVaGjnz8n6+aiIav97H9S0GvrioqvPvGYffx/QR9P2h7w+9P+j7w9"
    "lH31+3fX9YCqzBqMsW9f7rDs3YuR0prUFW1f/SUtiTBlv81A1njmbPLdk8usZdfhJxn90E"
    "dmOjn/SDqu/1k125NQCL7ZMOkmoZuD10aZZrh0hJimXseanWOd6HyGOPSTPAKmgFnxtRpb"
    "d7eskCaTEg2W/FlJ5dPEc6A+kMNGiRzsDZRzqjD3QGhjI3G8p8x72ZbqMqRjiW6CHG9VNG"
    "d7Y8ueEiTsr0r8p2I+tY2P9mw3V6fjbnf1K4+abl9rf/njS7/359dnZ+/tXZyfnzFxfPvv"
    "rq4sXJeiPOHyrbka9uvoNNOTUR+V06tD0Mlngs0b8FXn9EvrUISgZC/LaJEZeV28Gcaxni"
    "9ZCS3Wjt0eG3n8eXYihtWm0lluJdOSWGm/J2m7IC0eHU0tfB2YB+LIj474C/x4Ci22oGkq"
    "I4B7s8A+zOH4Yx3aZPQUL0gHNw0jXcZ3Q+h7vKIV6cipMQaUfiIFy2N4mDEgrh64OTi6ck"
    "JdSOSelVNufc42Dqm0xJQgQnpPYJsZjPxvq0/uIpSQm1Y1J6tXXJJS/hmRk+JZEI5nJuj7"
    "zHHmxDZ0ZSBL0ZWbWI+j6bzTWKaCGeCYne2AD1xboypaEYltRNSyH9uJl+jKISRisT8jEt"
    "hdRjZisQ9xKbpe1rut0WY5qWQkxzmgIG7mKkaWtiIqtEmlYplTGeLtz7WoobvIQz9QjxdB"
    "GIYp7PvAqEPNfb/paBCLjlWpbUO9azpzgDlIrU3Q2od+okfYVIPXZYOKNsEdmTKUJUCtGI"
    "8/shc+WZdi10dCXPdC1PtOqsFlzhccNSLBUeOARpr3VGkhpmYb7NWgHdlHQzjJXezak3p+"
    "S1faWK/rtkMQ9CFwj4SfI5OOVDtRVFwhsKtHh3oaqkZOuJGGXdlLmdtVaohusLt66yRXjY"
    "lmZ79DsXZ+KEs5WbgUL4Y4H90a3Nz0JtjOuIWxoOsKypViSBnbQG23bSSm4/VUmtlBByWu"
    "Wcllingu5IafWuyOYgw2illlX78nzD2p2F2kdc23Oj+pGoKLpZ/7iFXueuWDJPBM1R54zP"
    "HUYm9EEeGMkTERooGUQOXRHqMbIQoHioPuqMuOyzrwYQ4PaD3kbyB5DgLvJazD4uWKG6Wj"
    "B6N2WotSnI6krwv2cdSz921qu8qks0luhhVHv9/tCuRTf2KCQl2PSMfdEZMXScFqBqnrOe"
    "EcV+oq3OTkcPOXrI22RP7OYh34NBEbqBiy2K2E+82aRI+KerlBPy+DJoZKr0dKXm24K4nI"
    "CzRKI/IGIxnhIqoNcp96mcB2iBupyudKWHdjxblTJFKevQsYOeW8YllpEd3Rc7Gk1Rdfwj"
    "iT6Ro/tPSTPDPBTYCvKWaasHQlz1pTOxh2OJHtrD52cV7OHzs0J7GA7l0mao7eQBLmuFGU"
    "n0AuAyE6GJPpiwo5uwD9F4TIbZnnlANwy6YdpiNrXcDROGhBYaTXHI6EabKRGouqXJtKRg"
    "5fgkCPUwNZHKpI1NIjSF0BRq58aDptDjQDyE0kBTjyX6kCm5b0UdeqGbGJ7R+F5YRY27YZ"
    "kQUg0xWc0JkV5AvO/1/EAd0HgAM4NVnZbqBfBNUypobaK1idbmBmszzKvT2Jlxxl2xhQmp"
    "fe7YdmyVAzJMZPoZWZoBOsfkDzrjC9f/A7xq7LOUHkDDUjnXvoCBf4wXnsfc8eqPQRByJ4"
    "3LmVyw5GsCjYNn8jrkCczZl+s+wl+enJycPS01VPdy8c12bj8C/rDnSB597DrRibge7Dny"
    "mGcfe44c1dtCdY+0VNuUwkO56LHSXK1r+CAe4rat5b0HpyslXPMGDnTsggDqtVAW+0DqOJ"
    "TuFdn67fXLm9eXr56cvxh8rdCWs2AHNmU0D89OcmXoQiPGiFBNyPSBwM7wTlVop2LWKRfH"
    "I2HQ64+Fm4a2EnFSa+wexGXLVmp7uTfXHYMVZkRDp4T6sCz3zUMjPYr06CHo0egG6uNHU3"
    "2md6xW85r642n/io01SSH/5FD3SEMgq+8HZfTxXI6oyBZ/z5fEX/KQrRUqG3sGcwURRbZL"
    "gKV12ZIJn4SGeZ703fIc23WXRj4X+Vxk9JDPxdlHPrf7XBj2kG629668icWM6YivEr4xIY"
    "Oc4w6c45QKTQeB4sUdje/h4q4/wpB79sQ2yhyMJXoIcP39YbEeBdajaFOoW10dG0J9bNfq"
    "ww51f441u55gntoA9lUUvZ18+f65rmg5FVBeidVWznwNkyu8SrxkOD4IW4QzHJMbn7hMfk"
    "/GU+pOmNBFOlYV0xcrhBsNHuXIQOpnqUJkujRmBHIdXeA6kOl6zLOPTNdRrVFfyMQcjolB"
    "mrFZmhGZLmzxevitw6QdaWx+VGa2YhGktTbQWmGExq6cVniabkK6mdCKF1SbMjeBtNFQEC"
    "GXUzlnM2KPKiVsLlzIkwz6qatESUruIAbzG/nHknv3zCPLKReMhGOC8qi+6o0QhBH7hLuM"
    "LD3bZ+rQVM6QNj2zwUttF9AzIB+DxnFxrJr6LmiUlvlSPjL+QmAUEHIjaB0jN4Kzj9xIH7"
    "gR6AZqqo3HImjbaGwb8xWaFetRJbf6FipgZEp2pIT6kFHUNOGhANuGL80JYlHlHYoqB6aG"
    "wUKPJXrI69UfYBUamAZbdEJif0rESUf25hAcMRS2q6oTh33mzbDNiSPQuUKlyEfX3+VN3E"
    "tsoP6XCaZpKcQ09wLztjPR05I1mOjdwbdzpvid7dpiutU0Z0Rxnts8z7Y7D3s+V7UGYon9"
    "x04k6LXRwnZ82xXHcNlDsGuNWAdjqIxjNB2xBE5HI8aaxM8eG01JWgqnpfZpmXscDhtNSl"
    "IG+YvdsR+OF96DJvpr8wzEku14NOB6fXo0JDwzw3mJRPDB2B55j8mfLfSJfWV9F5NSSGNv"
    "prEzQR05rIvt+rwkRpy1JYCvZYu4JjQx17d+ULMBXAbIakQRXkyl3mcqdcGbrAZ8e1V1UA"
    "dv/vW9GeLkE48Yb8ZYs0NuBnm/cent1BS2DkuX1ydvPrx6Va3Kwni6cO93Lx/wEk7To2Wc"
    "Wo7s89hZ1FCLQuJ0HZ2qr1gF9TTrKMLanye30YoU64dPnwuyfjCLE0L+5PKe19tAlTwQyK"
    "nwmUuUFNSVkNqfRFKowhK2ILYrGDhmoaiqyseAcf8QhC/lZ4+6girGbEAED1pEuzw8lxSO"
    "Tu4v7THTpYbs+erashiAWajvUyGGasHBJ3We3SpkYMNqOLaPhtXpqasafpsS6lO/mvoCj6"
    "I9pyKk6/GIZnG8nAGeBwk/7BCihTpKIaIJCURUVzTD4/M507zMChFNSGDkZhbOWLuoSkQm"
    "9BHkH0v5xz+D/OgdqYVqFfNaCuhGaiFeTS1LeI/NZ721kzKvyy2etFG/2ep5z2dMpZAHNg"
    "Ml8iQEGETCFz5ZThn0jyB3tid8EsalDgh1rWD4kgqycC1ISFdx65DFHnRLDsryqRfMemjO"
    "6NnnxT+5cn3IU80YiDNpJ3EvN0jKAzMdDjkml8Sn9+wLDjUF4bpwAd9byXukDwzuDe7T57"
    "xy/n28BIM7HRr31EA7al92VDxDBm+slBD6eTUaqiGgSRnEExUqVKhQoSpXqK44v792IX9O"
    "o03FB0tVqZEcNmRynM0q08dB0WHQPUAl8Zk3g7+BqoWzCameuCRo6RrqEu5iNpKKhaJ64a"
    "0hBnKkP5XazMRllo4jrvsSn9xP7nXwK1XbMO46K0ItC/SsmEYecWsltSPoI3YnlSYhtTb1"
    "lQSN/UMQsZiJY3Irb0L+FahecGfySAigYq+l8AN1Fuyfn1yXL0MtTip4chpX64FwDx6bO3"
    "QsVbDRCkbYnjrtE8E8qYV9qX7nl+H44/nqaWXVK1PKKKrggNpXO7UvWEJ5/IsDRKPxmPtd"
    "Ifcb+yVnMa65X/Kh+323bUGXoBs1/D49OTkxaPkdvs/MtuiEUJ8I771s1TH0kPHNF/6waJ"
    "GXzUBeFidi64nAwlW1JuwfsnN4bxAtMan3H17aTlQ32tWmcaXyma4B1Z/C0/QT08TG1yay"
    "QoGu4SmiySjptSRHVOQmbhPdwQNPi7Kzg4LJ0tKGlzJhdDwlHMznY/IDH0HAGWE2fCaWLQ"
    "cHyaDM4eCu4Yp0EPKeCdxHnqvYzyWr2P2VihsbkQBY0Hj7122xwQ+UVB7r99LecQq1yUim"
    "R8Uiz8++er5WGuFDmZr4XhpOr4pLZGFt6BqWdOdK1WDib4NGAqaqYqpqF+DFVFVMVW0/vJ"
    "iq2jzGlVNVq+RVZv3i2yfDpRzx3dLUMWOwjRmDAVYaKmUNYjGXkpiszWzKu8CJBJEOYSyF"
    "FZEca64i4COCYNXldJXnR7Y9yWbGA6mMg1MZaH8/ZvsbezM95tnH3kxHtba8Qb6lfr7FX3"
    "iuLq1R6uQOo25BgN1aKIOntAkaC0laf7NfLK/evn2V2nCubjLBGG8+vL66fvfkNBOvpIvR"
    "OEw2fstMgvp7tkmETPuqp4T6F8PYSG/1/VY9aBu+Na/ae/k7TBZsNH5/Qc1H3AXrcij/aU"
    "rbazq4GTuHNQww9+yJrdFwiwGOJfa4kiUAdodXMdheGgOyLIB8LbNz/HjL9uEq4eNng/PK"
    "weMz6mlXcCm6sRDCWwXeoenbLiPWPwXtRYVN4kXhHvEin2QysicL2zdK40kJ7XE3djusUU"
    "w8vpibgLwW6N8arr9RgWXf3TFILTN93aUFH+GmfP7CIGEqRmtIjbTjnOA+rZE5c/eza9S8"
    "NydA8xgVOkK4EuKxMG4lm7cSj80o/DRNOkTpTpKSw42kfCNZgzUEp7XJus5L9m9RX1RY0x"
    "eFS/qiDGz9G7LUo6gRxz6jbXYfxhO2ZfkprTgmJqafKvbZZ64lDMFNSyGmWFNirzUlVGeM"
    "KRWaHu0lLq+kUP8grl+FpELVRjLNQ8iI4eaQMYek8mwxazjSbA/FoKalEFM9puZxZmlJVA"
    "jbrRDq2YNbqY0U6YB9ogzK5vL619vUNOba066n8tXbN99Fw7M9azN+N7mNU3/h6UL3S1qZ"
    "p6SwX3P5tGzRNTgIs5aIz+bU08WuFc+NRhQnqPYJ8hauRG2o85MUT01KCJtqb4/+gSoBdw"
    "d1kxRvrKrVXPLxPssqtxPPnasqY+mnEkCjG6ir9lMirUfUks0ZJP41pWYcYPmmSUA+mzEQ"
    "2Amol8FZ+goSmN819F39NjxN1SThzmDVeJZw+AwW5QrHj+iGjOFhop5shSpsU0bkJhJUSA"
    "8b1YxWUQ+aY/JBzQuRRopvU4eEKb2EuULalVGHnFDOFnAqKyjYzl1dR9FmLweV4298MqUC"
    "+ozeBS8ccs9WIupPCtmxIypv4MnMnnhqLZNnT4/JL1POoJ8OtCSFku/qJqdcTp78G1INg2"
    "vfMzYX6kRBi56wYPwnN7oll6g68ZXrwK0biWDF93ZWfEcbZjetG22YptA0jXPZKbqlba/p"
    "RsNbDl0nvzvLdatQLfTJN+yTh57rD5q9oTSTOhbaYyZ1pE90NpF63b7REO2UHKauGyB+wH"
    "Z9bXsJ1lTn8pAdJfsDaQm9PIu4kB0J0T5xKlpKNPmcVqi5uGZEdsS1V+ynFtjU49qmTgMR"
    "qaphvRJ86ybGK0nwbqa8fgEmZ90vcOlxnxE6gqbJEQ2Vo62qiRgRPgPF1GCN/3298LAw3l"
    "7moXOhbFgY7zHPPhbGO6qzlJDEespNOd6UELK8map47LNmYyqOs43G94Ll3XeYLbPs7V4F"
    "KUEMXW/zjo/8EZIdbQio28x1HMYijwJ4jjQm+frYoMwmT0USbTbHL4lUqUZBfMXaxJZnd2"
    "xmQYM97kbRFtyDz/LONaXrtz5LFaM9XbkXzXY022vYg9BwQ7MdZx/N9haY7RiYVafJ3v56"
    "ynsLbKm/6qEthqOFo6n9XRpukZDCYAuDYAuskFD/9iCNIe4FcBhsEmkp3CoqbBUBZIZcdE"
    "IGF242UAiLPuyTjcYuQ9h2uE2MZZW2w1VyVmtpQop5hkfbc7uFXUlzqG5meYdGbUovQxI2"
    "zOSLTkJ8vpAnsQZRRh2B7idhwp8NGX0WGTFI6NMxv7uesjBtEIjiONkvk0L4jbwYGBXhhS"
    "BRcLpwLQ/45ilfCHnZ4NohQMSn93B5ZnvE40vxyaWqpepyytSJV2TCk2mJp6dPt44qG5CP"
    "8QRhdmFrswuDBWhiB8QSfVCpGjcB7nxd2e0SMysSQAurArxzjz3YXNfWqri6UlIGiyttX1"
    "xJvmqgK9oW/o+kIMaqtNnNEU6VGfuWEkIOI09oRkqRAaYZMbSqMSlvrzSFlQi82ZGnSMbw"
    "dBPajURF5mndnEmGMWt5YKMb6ETQ2rXre6sjDaERHBiUERnQf3kJ2XFMjrWrExljaelLEZ"
    "s6x+TGF0Qw6o2ncFYS3DWhHiMLl7ljbzWXa+GfxFbDpKCviAGXq1pDcpQqYWS7asB6PAlj"
    "FoSO89jz1auQEA+wKDFGDmPkMEqqJeYDxsg94tnHGLmjOmPk1L85LIuZxGh8D4nEs4sqTK"
    "IcVUglqmMZPkswzxTjpEz/6PCL07MKMMtRxZXN4FgGZs8xQjgY3j9wz06eVWmuCsOKV7E6"
    "mMnXpBMjOjwaj80famfIp1QMlZGj8XCWBYum5DBc1CBclH2e23JCtkmgTUmiV6LNiqXHfR"
    "WhMJQ/jnkP1BladKV5yAr1zOITbKV2tmyq61Y8A8pmOJ5Sd7KVMac9waFsOnzGKj1j8meJ"
    "6VaznZbEnbTNs5xkTKvSoUkZdJuVu80UVjX4dX6OztNNUDc6zJJravu43shhoFG3DQJ7lc"
    "fm55iJ6gnkjcb1pjAr8oIlMK3oDFsNk1NasZKDir2F9h4uUecA9xRxVXONQAMRQVQsRNuC"
    "w4kvXRVSC/G2A7L05L0x1RMEYm3VwoQjBQUfGryYxuP18ShAJXhQIrb094wjrB9uL3Ul+N"
    "+zjrm88J1ac2xPR/wIHbLo5BYzZHOuCzkpxDQlg6jqcpVhR5AwadQP26XeqiCyLyGV5fpW"
    "IQfYMWDLuL6QOl0bRz9fvru6eXP57jd9ouKVhmq9+u32+lLLUZghH8sg7tviXkRvl8BeyG"
    "xXRL07dEBToM+YT2HbMHHzJGX27+rpUdpDyGKaYJ8QQeh3gB7rKdSrWHc9OA9J3kokb5Iz"
    "qPrYJGXQIC0neVkU4r0jybsOFe8mqBtJ3uSaalPs/s8hHDnWcs26F9OViripzE4K5gNZGM"
    "b5B5UAVGEAeV0yZ3zuQKr/Cnr/6vhGU3GsLItR8xg33bn3NUbNP+bZ7wjbjVHzHdDM9hA1"
    "b+pGOIALoStLFcvtYbm9NtlrdZXbS6Q17xiV0yOws/7YHeFRpuqPrLcIzdhsJNWcGkB6rc"
    "7UJ5wa50ZgXRXRI+Ga28CQDKMVvpkluU0GQkEtRBVbBVpDKl5KRVB9ERYLAFNDG6O168m0"
    "MVjJYJ1AncEIrFbRJx3QSTsU1nLP7rUqaUk/ibVED62o8yo5sefFKbHnuYzYcCPSvNtKoi"
    "gSQhi9MtgykKLrPCs6QKtRahiRi1kuLTCod8lyaVzJD+2iIj0/Nps2qfoJU22ztv9LUDN9"
    "LgWkxgnOS4tDJTAaqO3HJLiumNrzqPx5SEuQif3AVL10z55MfaiUbvt5C6CJC2y0CqAsyL"
    "rqecrdmjrSfRMBvawHfPujnw29rDj76GVtAUfgccfIyxqN7yE/UH+TAyxq8xh2pEgzNFD+"
    "EiJoomaTRtHmR5u/EzZ/dhOoAdQPolceziymiX2vTTTKjcVmc+4zd7wq8JhmRgzKyBQ7Hm"
    "voPRU+hx5w1BVL5gFtQclPb9/fBvHiY+p5tjpKEnfzxY9F3tNdTqblSZIJWR5f+GoZQ/5z"
    "nixJmNnYP66d/eMOmJLX0t1rR71l/UhUN6VCgR7aUmcnJ1UiVk9OSirknmTNKW2FhjJntq"
    "40Qx/QPT2rUoBYjiq2Vc9y5YdH3FoNp1Ro4i/K3NkpMXRoD7Ytg+FTX9cNsfBtGAtg7IuG"
    "15oyamnDDouT/RMimOy/Q7I/7AjmewhuHxgPg1SjhmrMUTmHsZHfQwv0I41pHBwYlFnEqn"
    "26gR3ssiUTPnmgzoIFsb9B1UWxGE8JhXbpf/LRPwT4+wFdcUzeOnLrDgSCxmQuh8jhuSau"
    "oIkLbM7XLrSCD6nUHtYMTqm0X1dxvnxd7Hz5OnS+FBu88tqMzow0goQIagQ7aASFPtsyuq"
    "enpSD3Qvsk2X65Y5ms+bUArvhdWqx3PEYF9bH262NA718/MFdbASd5uFQ3YzCkah0cl6jh"
    "hPqqJraE01ZxTCosM3hbasrfVJXSeh2C43BYsL80rgZ0MbTWxRBPXVXtNpboIWv7/FkFFf"
    "f5s0IVFw5la+f+Zba+QwHUp7bWp9ROZlqSLyGDbrNs10NAwmCLiMbjBlFhgzBXP1HtbKna"
    "mSuna2LUrQXQqNvBqPOY/NlCv/uXuPlTUv1rh1v/rmVaIR2ro9ewuJlrGXGj0XjsPlzLVL"
    "SGVQAD7HtG03Z0/uig3N+z5s0rFddVw79RKZwOFb68KcjsJFQIe+IyK2jEBUe5y8iI3XGP"
    "qY93tidHB+SC8G3HKXD5NHOJHZw+h61t2CK3T10vD+OSMsVYF9WU6YOFUX+K0zTcDKpzEJ"
    "HE/kiIk6awPQgDcedwnfJfBvlaBDGvjnlL3siv+CSooKh5H6+Plb6NHT4ZJio5VnkjSxGp"
    "wrnaWvapY1UK1QNDPyAfk4YQMvbtZOyRL+olX+RI/dUx0YHWAj3UgaqEzhcHzufC5rlnT2"
    "xNaEsxuLEEorsJ3RkTQr4X8/Dess8Fb4SESC/wLduIrn+9LWcfUsHE0fAsJdH1HoU6Qggu"
    "22lCqBUVBlpGPNeUqIc0fmNMTEuMpsuFZftyLm33SGM2JY4OygwnCuOGYxhoELwO/AY0+6"
    "JESeoD0HWDkE9syyoelJhISHjtm/Ca0bEO8OJ0slAAs8myCmBZNlmbdu53yo7V79twrMKu"
    "7fBJtS37lyknlm2RperJyOW/9nhKJDh84Y1Zwi+08Md8xo7J91z+DmLL/+CQ+lkEblQMiC"
    "vN5ihJSFfQtMEraWNnx9E7Th86G1061GnUICDqkmUeMLy2tWTdenarvvXXAr2wizG4ticr"
    "HOnnntPPwfvENNA3LdXDLat+Z/wBazq1jNuohykSTEAKqiGiaSnENLdGtanApRuBPg+4D5"
    "tA/XrLWqs33XBzgj2Eu/4eUBkjyhhs5JOrLuzQLjZBOSHSw8Vcs6/VnptAG4zGdVtlQ0Z/"
    "0z5wtphPbccoiSEhgm7rlDlZh9saiftHRNy/Y3cLQZ0jDW8fHRqU0fZeMKiio1Wdklkk3C"
    "UFWbi+7Sj6XPH/Kkp1SgV8M/smzOIIPq4IqATEdgfwCXrwSNmgm/DMdsOSvCnivsmLfXKf"
    "COY9MO9LdaovIxiO56unx5/cT+4l8dKXJ9QCjwDx+BK8CP7UllcCFJWXYOnZvup9tpwyjx"
    "Gm0AOPg3IY2HBf9/Jcd9zDwmWteo8V8/zxqjRhRmMpZEdbzY66zF9y797kWUqI9NCsaaAM"
    "AhLQSEC3ZodCsrQ9OwOSpUiWtgBpJEu7RpZODcGd7oLsI1u7ew5semTo7r+BbtsArrnViO"
    "J0DOBcj+9TpFhtaPrc0egGhWBGw3sTXF8bkBhM10u6CGOS6jez0fONnu8u44ye7xZ4vlvi"
    "h71knj2eHunSp4Ijg9LkqXjMJh9sMfg7OBV1O8VjSSfaUfMrdiAWWnzFe3CxydcHLujs4q"
    "LCFixHFXenhWMZfXtupEWEw3uI7mml3r+nJb1/T/O9f+UVfaYzs4tfcQkRrAzcpZfZ3/8P"
    "VHQNfA=="
)
