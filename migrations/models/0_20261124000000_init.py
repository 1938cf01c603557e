from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        CREATE TABLE "throttles" (
    "key" VARCHAR(400) NOT NULL PRIMARY KEY,
    "count" INT NOT NULL,
    "window_started_at" TIMESTAMPTZ NOT NULL,
    "blocked_until" TIMESTAMPTZ
);
COMMENT ON TABLE "throttles" IS 'A counter of password attempts, incremented in its own transaction before the password is looked at.';
CREATE TABLE "users" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "email" VARCHAR(254) NOT NULL UNIQUE,
    "display_name" VARCHAR(256) NOT NULL,
    "role" VARCHAR(16) NOT NULL,
    "status" VARCHAR(16) NOT NULL,
    "password_hash" VARCHAR(256),
    "pepper_id" VARCHAR(32),
    "password_changed_at" TIMESTAMPTZ,
    "password_expires_at" TIMESTAMPTZ,
    "token_version" INT NOT NULL,
    "last_login_at" TIMESTAMPTZ
);
COMMENT ON TABLE "users" IS 'An account.';
CREATE TABLE "sessions" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "last_used_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "authenticated_at" TIMESTAMPTZ NOT NULL,
    "network" VARCHAR(64) NOT NULL,
    "client" VARCHAR(64) NOT NULL,
    "revoked_at" TIMESTAMPTZ,
    "revoke_reason" VARCHAR(32),
    "user_id" UUID NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_sessions_user_id_595811" ON "sessions" ("user_id", "revoked_at");
COMMENT ON TABLE "sessions" IS 'A sign-in: the family of one refresh token and its successors.';
CREATE TABLE "refresh_tokens" (
    "lookup" VARCHAR(32) NOT NULL PRIMARY KEY,
    "hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "used_at" TIMESTAMPTZ,
    "used_key" VARCHAR(128),
    "child" VARCHAR(32),
    "revoked_at" TIMESTAMPTZ,
    "session_id" UUID NOT NULL REFERENCES "sessions" ("id") ON DELETE CASCADE
);
COMMENT ON TABLE "refresh_tokens" IS 'A refresh token. Only the SHA-256 of its secret is kept.';
CREATE TABLE "application_keys" (
    "name" VARCHAR(32) NOT NULL PRIMARY KEY,
    "kek_id" VARCHAR(32) NOT NULL,
    "wrapped" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE "application_keys" IS 'A key made once for this installation: the pepper, the audit key, the canary of the key-encryption key.';
CREATE TABLE "signing_keys" (
    "kid" VARCHAR(64) NOT NULL PRIMARY KEY,
    "public" BYTEA NOT NULL,
    "kek_id" VARCHAR(32) NOT NULL,
    "private_wrapped" BYTEA NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "not_after" TIMESTAMPTZ
);
COMMENT ON TABLE "signing_keys" IS 'An Ed25519 key that signs access tokens.';
CREATE TABLE "projects" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "name" VARCHAR(256) NOT NULL,
    "description" TEXT NOT NULL,
    "timezone" VARCHAR(64) NOT NULL
);
COMMENT ON TABLE "projects" IS 'A room: sources, jobs and vaults of a team.';
CREATE TABLE "project_members" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "role" VARCHAR(16) NOT NULL,
    "expires_at" TIMESTAMPTZ,
    "project_id" UUID NOT NULL REFERENCES "projects" ("id") ON DELETE CASCADE,
    "user_id" UUID NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_project_mem_project_1c5e7a" UNIQUE ("project_id", "user_id")
);
CREATE INDEX "idx_project_mem_user_id_6c9d9e" ON "project_members" ("user_id");
COMMENT ON TABLE "project_members" IS 'What a person may do in a project.';
CREATE TABLE "sources" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "name" VARCHAR(256) NOT NULL,
    "format" VARCHAR(16) NOT NULL,
    "filename" VARCHAR(256),
    "size_bytes" BIGINT NOT NULL,
    "sha256" VARCHAR(64),
    "duplicate_of" UUID,
    "status" VARCHAR(16) NOT NULL,
    "rows_read" BIGINT NOT NULL,
    "rows_loaded" BIGINT NOT NULL,
    "rows_rejected" BIGINT NOT NULL,
    "mapping" JSONB NOT NULL,
    "questions" JSONB NOT NULL,
    "profile" JSONB NOT NULL,
    "detection" JSONB NOT NULL,
    "problem" JSONB,
    "revision" INT NOT NULL,
    "attempt" INT NOT NULL,
    "request_id" VARCHAR(64),
    "created_by" UUID,
    "project_id" UUID NOT NULL REFERENCES "projects" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_sources_project_ad62e4" ON "sources" ("project_id", "id");
CREATE INDEX "idx_sources_project_99a2d7" ON "sources" ("project_id", "sha256");
COMMENT ON TABLE "sources" IS 'A set of records.';
CREATE TABLE "source_chunks" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "number" INT NOT NULL,
    "body" BYTEA NOT NULL,
    "source_id" UUID NOT NULL REFERENCES "sources" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_source_chun_source__cb0737" UNIQUE ("source_id", "number")
);
COMMENT ON TABLE "source_chunks" IS '1 MiB of an uploaded file.';
CREATE TABLE "source_rejects" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "line" BIGINT NOT NULL,
    "column" TEXT,
    "code" VARCHAR(64) NOT NULL,
    "message" TEXT NOT NULL,
    "value_type" VARCHAR(32) NOT NULL,
    "source_id" UUID NOT NULL REFERENCES "sources" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_source_reje_source__78c5e6" ON "source_rejects" ("source_id", "id");
COMMENT ON TABLE "source_rejects" IS 'A row of a file that was not loaded, and why.';
CREATE TABLE "reconciliation_records" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "row" BIGINT NOT NULL,
    "revision" INT NOT NULL,
    "data" JSONB NOT NULL,
    "amount" DECIMAL(38,9),
    "currency" VARCHAR(3),
    "date" DATE,
    "reference" TEXT,
    "source_id" UUID NOT NULL REFERENCES "sources" ("id") ON DELETE CASCADE
);
COMMENT ON TABLE "reconciliation_records" IS 'A row of a source. `amount` is exact, in units of `currency`, at most 9 decimals (docs/decisions/0002).';
CREATE TABLE "plans" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "name" VARCHAR(256) NOT NULL,
    "document" JSONB NOT NULL,
    "hash" VARCHAR(64) NOT NULL,
    "origin" VARCHAR(16) NOT NULL,
    "project_id" UUID NOT NULL REFERENCES "projects" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_plans_project_0eb79d" ON "plans" ("project_id", "id");
COMMENT ON TABLE "plans" IS 'How two sources are matched; the newest version.';
CREATE TABLE "plan_versions" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "document" JSONB NOT NULL,
    "name" VARCHAR(256) NOT NULL,
    "hash" VARCHAR(64) NOT NULL,
    "created_by" UUID,
    "plan_id" UUID NOT NULL REFERENCES "plans" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_plan_versio_plan_id_3cb4a6" UNIQUE ("plan_id", "version")
);
COMMENT ON TABLE "plan_versions" IS 'A version of a plan, never changed.';
CREATE TABLE "reconciliation_jobs" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "plan_version" INT,
    "plan_hash" VARCHAR(64),
    "plan_document" JSONB,
    "status" VARCHAR(16) NOT NULL,
    "attempt" INT NOT NULL,
    "attempts_since_retry" INT NOT NULL,
    "created_by" UUID,
    "started_at" TIMESTAMPTZ,
    "finished_at" TIMESTAMPTZ,
    "inputs" JSONB NOT NULL,
    "counts" JSONB NOT NULL,
    "statistics" JSONB NOT NULL,
    "progress" JSONB,
    "progress_curve" JSONB NOT NULL,
    "problem" JSONB,
    "request_id" VARCHAR(64),
    "left_source_id" UUID NOT NULL REFERENCES "sources" ("id") ON DELETE CASCADE,
    "plan_id" UUID REFERENCES "plans" ("id") ON DELETE SET NULL,
    "project_id" UUID NOT NULL REFERENCES "projects" ("id") ON DELETE CASCADE,
    "right_source_id" UUID NOT NULL REFERENCES "sources" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_reconciliat_project_bb5d38" ON "reconciliation_jobs" ("project_id", "id");
CREATE INDEX "idx_reconciliat_left_so_273c6e" ON "reconciliation_jobs" ("left_source_id");
CREATE INDEX "idx_reconciliat_right_s_f41420" ON "reconciliation_jobs" ("right_source_id");
CREATE INDEX "idx_reconciliat_status_9d1575" ON "reconciliation_jobs" ("status");
COMMENT ON TABLE "reconciliation_jobs" IS 'A run. `attempt` fences: a worker whose attempt is not the current one writes nothing.';
CREATE TABLE "job_chunks" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "pass_index" INT NOT NULL,
    "chunk" INT NOT NULL,
    "attempt" INT NOT NULL,
    "matches" INT NOT NULL,
    "dropped" INT NOT NULL,
    "job_id" UUID NOT NULL REFERENCES "reconciliation_jobs" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_job_chunks_job_id_0ce5a3" UNIQUE ("job_id", "pass_index", "chunk")
);
COMMENT ON TABLE "job_chunks" IS 'A chunk of results that is written: inserted in the chunk''s own transaction, so that none is written twice.';
CREATE TABLE "matches" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "project_id" UUID NOT NULL,
    "pass_index" INT,
    "pass_name" VARCHAR(256),
    "chunk" INT,
    "kind" VARCHAR(16) NOT NULL,
    "status" VARCHAR(16) NOT NULL,
    "origin" VARCHAR(16) NOT NULL,
    "score" DECIMAL(12,3),
    "margin" DECIMAL(12,3),
    "margin_kind" VARCHAR(8),
    "ambiguity" VARCHAR(16) NOT NULL,
    "group" VARCHAR(64),
    "difference" DECIMAL(38,9),
    "currency" VARCHAR(3),
    "plan_hash" VARCHAR(64),
    "assignee_id" UUID,
    "decided_by" UUID,
    "decided_at" TIMESTAMPTZ,
    "reason" TEXT,
    "fields_compared" JSONB NOT NULL,
    "runner_up" JSONB,
    "job_id" UUID NOT NULL REFERENCES "reconciliation_jobs" ("id") ON DELETE CASCADE
);
COMMENT ON TABLE "matches" IS 'Records of both sides that belong together, and why.';
CREATE TABLE "match_records" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "job_id" UUID NOT NULL,
    "side" VARCHAR(5) NOT NULL,
    "active" BOOL NOT NULL,
    "confirmed" BOOL NOT NULL,
    "match_id" UUID NOT NULL REFERENCES "matches" ("id") ON DELETE CASCADE,
    "record_id" UUID NOT NULL REFERENCES "reconciliation_records" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_match_recor_match_i_5a6549" ON "match_records" ("match_id");
COMMENT ON TABLE "match_records" IS 'The use of a record by a match. Unique partial indexes hold that a record is used once.';
CREATE TABLE "vaults" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "name" VARCHAR(256) NOT NULL,
    "epoch" INT NOT NULL,
    "project_id" UUID NOT NULL REFERENCES "projects" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_vaults_project_aaa6a9" ON "vaults" ("project_id", "id");
COMMENT ON TABLE "vaults" IS 'A set of entries that the same people may use.';
CREATE TABLE "password_entries" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "name" VARCHAR(256) NOT NULL,
    "username" VARCHAR(512),
    "url" VARCHAR(2048),
    "tags" JSONB NOT NULL,
    "has_notes" BOOL NOT NULL,
    "expires_at" TIMESTAMPTZ,
    "rotation_interval_days" INT,
    "secret_changed_at" TIMESTAMPTZ NOT NULL,
    "trashed_at" TIMESTAMPTZ,
    "vault_id" UUID NOT NULL REFERENCES "vaults" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_password_en_vault_i_650448" ON "password_entries" ("vault_id", "id");
COMMENT ON TABLE "password_entries" IS 'A credential: searchable fields in the clear, secret and notes only in its encrypted versions.';
CREATE TABLE "password_entry_versions" (
    "id" UUID NOT NULL PRIMARY KEY,
    "vault_id" UUID NOT NULL,
    "version" INT NOT NULL,
    "key_epoch" INT NOT NULL,
    "data_key" BYTEA NOT NULL,
    "secret" BYTEA NOT NULL,
    "notes" BYTEA,
    "metadata" JSONB NOT NULL,
    "changed" JSONB NOT NULL,
    "actor_id" UUID,
    "created_at" TIMESTAMPTZ NOT NULL,
    "entry_id" UUID NOT NULL REFERENCES "password_entries" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_password_en_entry_i_209aa3" UNIQUE ("entry_id", "version")
);
COMMENT ON TABLE "password_entry_versions" IS 'A version of an entry, never changed. Each has a data key of its own, wrapped by the vault key.';
CREATE TABLE "vault_keys" (
    "id" UUID NOT NULL PRIMARY KEY,
    "epoch" INT NOT NULL,
    "kek_id" VARCHAR(32) NOT NULL,
    "wrapped" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "vault_id" UUID NOT NULL REFERENCES "vaults" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_vault_keys_vault_i_d81269" UNIQUE ("vault_id", "epoch")
);
COMMENT ON TABLE "vault_keys" IS 'A vault key of an epoch, wrapped by a key-encryption key.';
CREATE TABLE "vault_members" (
    "id" UUID NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL,
    "version" INT NOT NULL,
    "role" VARCHAR(16) NOT NULL,
    "expires_at" TIMESTAMPTZ,
    "user_id" UUID NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE,
    "vault_id" UUID NOT NULL REFERENCES "vaults" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_vault_membe_vault_i_4a74a4" UNIQUE ("vault_id", "user_id")
);
CREATE INDEX "idx_vault_membe_user_id_0341f5" ON "vault_members" ("user_id");
COMMENT ON TABLE "vault_members" IS 'What a person may do in a vault; membership in the project gives none.';
CREATE TABLE "idempotency_keys" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "actor_id" UUID NOT NULL,
    "route" VARCHAR(200) NOT NULL,
    "key" VARCHAR(128) NOT NULL,
    "body_hash" BYTEA NOT NULL,
    "status" INT NOT NULL,
    "headers" JSONB NOT NULL,
    "body" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    CONSTRAINT "uid_idempotency_actor_i_8d6c25" UNIQUE ("actor_id", "route", "key")
);
CREATE INDEX "idx_idempotency_created_944834" ON "idempotency_keys" ("created_at");
COMMENT ON TABLE "idempotency_keys" IS 'The stored answer to a POST that carried an Idempotency-Key.';
CREATE TABLE "states" (
    "key" VARCHAR(96) NOT NULL PRIMARY KEY,
    "streams" JSONB NOT NULL,
    "version" BIGINT NOT NULL,
    "value" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE "states" IS 'The newest value of a key on a stream: progress. Older values are not kept.';
CREATE TABLE "events" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "stream" VARCHAR(64) NOT NULL,
    "seq" BIGINT NOT NULL,
    "event_id" UUID NOT NULL,
    "type" VARCHAR(64) NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "actor" JSONB NOT NULL,
    "request_id" VARCHAR(64),
    "data" JSONB NOT NULL,
    "ends" JSONB NOT NULL,
    CONSTRAINT "uid_events_stream_0773d2" UNIQUE ("stream", "seq")
);
CREATE INDEX "idx_events_at_92f8f6" ON "events" ("at");
COMMENT ON TABLE "events" IS 'An event at its place in a stream.';
CREATE TABLE "streams" (
    "name" VARCHAR(64) NOT NULL PRIMARY KEY,
    "epoch" VARCHAR(16) NOT NULL,
    "head" BIGINT NOT NULL,
    "floor" BIGINT NOT NULL
);
COMMENT ON TABLE "streams" IS 'A stream: the last number given out, and the one before the first event still kept.';
CREATE TABLE "log_entries" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "at" TIMESTAMPTZ NOT NULL,
    "level" VARCHAR(8) NOT NULL,
    "origin" VARCHAR(8) NOT NULL,
    "message" TEXT NOT NULL,
    "metadata" JSONB NOT NULL,
    "user_id" UUID,
    "request_id" VARCHAR(64)
);
CREATE INDEX "idx_log_entries_at_39ce49" ON "log_entries" ("at");
CREATE INDEX "idx_log_entries_request_4a6848" ON "log_entries" ("request_id");
COMMENT ON TABLE "log_entries" IS 'A log line.';
CREATE TABLE "audit_chains" (
    "name" VARCHAR(64) NOT NULL PRIMARY KEY,
    "head" BIGINT NOT NULL,
    "mac" BYTEA NOT NULL
);
COMMENT ON TABLE "audit_chains" IS 'The head of a chain.';
CREATE TABLE "audit_log" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "chain" VARCHAR(64) NOT NULL,
    "seq" BIGINT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "actor_type" VARCHAR(8) NOT NULL,
    "actor_id" UUID,
    "session_id" UUID,
    "action" VARCHAR(64) NOT NULL,
    "resource_type" VARCHAR(32) NOT NULL,
    "resource_id" VARCHAR(64),
    "outcome" VARCHAR(8) NOT NULL,
    "ip" VARCHAR(64),
    "request_id" VARCHAR(64),
    "details" JSONB NOT NULL,
    "mac" BYTEA NOT NULL,
    CONSTRAINT "uid_audit_log_chain_e6a39f" UNIQUE ("chain", "seq")
);
CREATE INDEX "idx_audit_log_resourc_c642af" ON "audit_log" ("resource_id", "seq");
CREATE INDEX "idx_audit_log_actor_i_e0b208" ON "audit_log" ("actor_id", "at");
COMMENT ON TABLE "audit_log" IS 'Who did what to which thing, and how it ended. Holds ids and field names, never values.';
CREATE TABLE IF NOT EXISTS "aerich" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "version" VARCHAR(255) NOT NULL,
    "app" VARCHAR(100) NOT NULL,
    "content" JSONB NOT NULL
);"""


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        """


MODELS_STATE = (
    "eJztXW1z2za2/isYfbnZGcVry3be9s6dsVO38TYvncRJ2+10VIiEJNYUwRKUFe1u/vsFwH"
    "cSpAiJlCj6fNhtLOKQ0nNA4JznvOA/gwU1ic1OPpKpR9j8jt4TZ/AK/Wfg4AXh/1BeH6IB"
    "dt3kqvjAxxNbCnjByLEvhspLeMJ8Dxs+vzrFNiP8I5Mww7Nc36LiaYMrFEohKXWCPjj2Gv"
    "lzgj69uXo6unyG6BRZPkOMGB7xkcXQPXH9E3F3kxr89pYz2/VGS8f6a0n4954RLuDx2/32"
    "O//YckzylbDoT/d+PLWIbWZAsim9X7riJvLa2F+78vPXc+x9L0eLLzoZG9ReLpyshLv259"
    "SJRfhvEZ/OiEM87BMzBZqztO0Q5eij4DvzD3xvSeIvayYfmGSKl7aAXkgH3yL5bDAev/9w"
    "N/50czceDwpqiSRSAIcfGdQRKrUcn0kcFvjr2CbOzJ/zP89H34LnJFgEo8QDv1x9fP3m6u"
    "OT89HfxAMpnxfBtHkfXhnJS9/kLbCPg5tI9BO455jNi2BfWw721mq4I4kc2JO1T9g2cEcf"
    "JHgnM3sPgFcAfP32w7W484Kxv+wQ8evb91cff33y7uoXCfpiHV56++H9D9F4lzJ/5skbDa"
    "5/vbu5kjpIMOevi8BnjP0i8t/xK761IGrss5I5DZih6En0j35p4+723c2nu6t3P2VU8t3V"
    "3Y24MspoI/r0ybPcqxHfBP18e/cGiT/Rvz68v8mrLR5396+B+E546dOxQ1djbKYxiT6OPs"
    "qomXx1LX67LdSclQQ1d1rNS7bVq5wSa0DB4RYF+m1Jv/dkrWOSpGW2Mko6ps+sVXI2elHD"
    "LOGjSu0SeS23Kc6tAMi6GMcC/QO4KbMvQdcjD9yI32adykrCUtXlpYoRxvjPH1uKF+nz59"
    "vv1BrOSuU0vFxa5omQ7ZeVEbxBga7SWpC/9Ns34Z1O75UOU4hWEeDvqUesmfMjCfymW/5V"
    "sGMQBaYhD/ApudNxApt8mrzWHl7FTn1uZvF/8N9N/GBdv/r0+uq7m4GEeoKN+xX2zHEGc3"
    "GFjmjuk3hs8dJitMh/gh08k/iIHyK+dg57BT2TUks5MxP+stqcDOMz46nlvJL8yRQvLHst"
    "6BPqkCzLgrBjBqTK0jD4M6jHVMzMrrfbzM/8JmwYL9Rcag/4vZS40Vt0ml9sNtM2g/+dLh"
    "1DKAXJJ4n/u/i/QedWn2EFXwPcwaPYyW3M/PGWnmVeFlTdaVUDTfQo1MwvzonjW8aWy7dK"
    "HlTeaZU7xF9R716H1EiJNBPM6hSv8eyiBq/x7KKU1xCXcqyRbfGXQos2iiUA4BoAA3H0GF"
    "aqQFdj7iEwFbVR/jYVBIGM3UzGpjzruu5ySgQIumqCTkDVADv3ObzNcUK6kZpLTShdXi69"
    "bOTzk3JpJKH89z9+JDb2LeUSUZIV1RPcv7XJYt7NPer7Eo8CjRlfG1bxmH44qjaRadCl4x"
    "NPsI0uZowbqybCvk8Wrs+GyHIMjyy4fUVM/m/JPNKVw4HADsMB8zYhU/4qSuIyvoHFkEji"
    "IuJWKrpzPw/dIWlNMzy8S2S4y+lqF6enNfZKPqp0s5TXNjCgYjIU0b51/BKDPxqfg9sKPj"
    "2ydYZ/X/6fp6Ozi+cXL86fXbzgQ+QXjT95XqGC2/d3OVtkxX8HtxX5buhtx0sobwDERKfN"
    "/YlNDeGa8RfDsnUVXhAG165rui5Yx4cJskoTWmGaRKZ1uVkirNO6JomDsCHXeIXlkL22ww"
    "Z/VMFNg9s6J5bJZIDzOQQ497oF5fVgiOXyhL+dh9DDUaxWGWrENbfUflYStH+M2n/gq74y"
    "t6rUuE9J7M+8PzsS254ssMq8K/dLY4HeeaajyzqRET6q1DOV17L4mhZzbbwey781YM7L9T"
    "AQNbp8Vgvv/GqTxvtZIRZFbS2co/E9xPesDrxn5eieFcDlDry/VHC45fAmEvsDeCAIvQfS"
    "1mbaNsgR+ThWl12WY10Q7F+crZUlwyWuWxJsqwA7LdQ/oJsPaMaz05hjZ7aV+V5yC+CWum"
    "yvx0rbPoex5Bag9y7rXcZ7x/reWkEOfLa8zyaTt206s5xtM7/TwvAade010qDmCzVnO2ZY"
    "9K/eLPPmLMhiwleWueXuiNNPHv2TGP47eb++ovUgnjluDLMv4nb9Q6zN6NiV69oim59/1x"
    "/JeqCIk+VGDKsiZjgZKxoP1M7n4WPRApsEUccgaEo95M8thiyRH2cHWg+qDAOnaCj/jZem"
    "5QvR4E8Di25BIjtH/MU/fkocw1vLp4g/VSk9e3vuDkE/XV6vWT6vQ+xp+22o7sm9ppOeSP"
    "SQ3mveRV95fIUgCoSrWn2lhKDbV9p8hG5fYMx3J8/mkzVzOMwlVkTqaqUFwYJxOtaDg27M"
    "0eXl2Uu5nftz7MvOBExk3XBnI+hBoGpgoCG4S1au5o7S5HbSod27qaKw8t3bXU648am3ty"
    "QysLVsu7WA1dR2YMOzHjga462sJ4UwTPVtp7oINms5Y7FADyd684FpMFJ7a6RmOhJQf4yn"
    "vqpAslrLGUGIKnRNxx1xRELmfKDwQqJLlS6IGwyq3+me0sUrxOjS417DEP1JJ0x2PJPkNh"
    "PEIEY+wQtlc3sdWagcgMoByB3v3LIHlQOgfagcaCEL5bCRr075Wq2kpaa/WQHmO/K1ZM7m"
    "xPaYdn2INejml7vM8hMhqiYSouEpDbwW3EIWeLGC/5s6WpM7LbNHyD/fvW4L9Tb44a0Sm8"
    "L8EwWvBvk6udbugaOyG1Kf5E36CpFr411T5H7it+grPMLD3Q2df9JJX8EJvP7d4JE5cH0C"
    "aA9UUbholxNGyaq+kTYap3aTzezRzyLojJHLBbjLtcBrZFLRPop/FNyuSBrVE1FwRb/FXz"
    "Hgd6Lma7/nSKTfsleATwI+CRgF4JNA+8AnHTefBJX7LcbuO3SABIR126u1zViQde2/rBS0"
    "joZO3E3DWeD9ClO2iK52M+5U9sBxAruxH3f2RVW35M7P3AaAhS7nB0nYD3hYVbJ+zNBWJO"
    "onVHCtoweJL7JZPMLdAFN9mmBxRJ0DArNTVpAWQ5T/lM3x6PIZ0BlAZ4BDC3QGaB/ojD7Q"
    "GZAe0256zJR6C9VCVY5wItFDjJunjKYWv7nmJE7L9K8pXivzmFn/JuO4yCtfOTYrXXyzcv"
    "tbf0/bXX9fjkbn589Hp+fPXlxePH9++eI0XoiLl6pW5OvbH8SinFFEcZUOfQ+NKZ5I9G+C"
    "N380pLkMWs6QMZ3qOHF5uR3cuY4h3gwpeRydeI949/PoiokjK5X1vOWrckYMFuXtFmUJok"
    "2xqa6m3oB+Igj474C/RwRFt5UG0qKgg+10sMCuK75VAf1/fvrwXo19SiTPwFiGj/6LbIu1"
    "hn6Ke5ksLdu3HHYiHnsI6kVAlGFdClUB+QKA3IYrbpCvCuBQMF/dYLNcJRmhbihFPK83Sn"
    "E9KlxOHZWkREAhjSvEJD4x1CVL5SrJCHVDKb1auviU5/AsNN+SSGQnhRyP89UK8h55sDRJ"
    "9bQIsOp5syg80VkDz5REb2zR5nIuibRQNBuEZaWABttMg0XR8YniCPByEiwrBRRYYVeDZE"
    "fIzutMHlmd7Lw69c7GfOncN1LE+1rcqUeI57auuA3Urjh9JD2bmjmgZMrebkB9lDfpK0Q2"
    "mfpjqH2umkTWbA4Q7bX6Ob2Gl2YBx0v8plTgcbKtbE4IPkPvrGvZ3s5BSzcIqCDBmhUzg6"
    "uHKuucwy8U7JPOUtZu56uctXKBqwISSjtP4fmFO/puacBteih7jEKU5weH2ipooBT+RGB/"
    "znf7WmjM/55QU+ERVjWMjiSgS/Rw2y7R6eWnrtuYEQKvsdprZHGByo5OY+96EQ1zPmNmWn"
    "Wv+ih0jEqtj8Rx2mh+pNy1el17V0F7XWFKBId/rDBDDvVRYGMMZSPe1Vx5cJimdJ1Cpoym"
    "tJuvgIWyLwvFtlSN+6rwjyT6ZKDsOVklBLMAe3mXykSiD+GDqjKgNjpUGnyZ1QnYRON7mP"
    "nZfKxmQRjjm6LObE6J9ALifc/nB2yL/VdgpjGrs1K9AL7ts4rA9wHfB3yfDb5PGOtQeD1J"
    "FKTc3xHhFsewbCs4ZzkVfdHyewJ0TtAfeEGXjv8HshgiX7n0UHST5LoOzh/5w1h6HnGM9R"
    "/cpfHRgs9V9BKZxLAW/BHoiVDX38Wf8mz4v5+eno7+Vukxtf1cOCWlI2vYsMKJgjYQj7kR"
    "ALSBeMzahzYQg2a7Wq706KhQANio7cvXIOm62Tks7IQimBX1HOH4/Zdy9Kh0ILC/FTtwYG"
    "OXJLvHQnnsA6mTULpXFOt3N69v3129fXL+YvhSos21YAWeZKSHi9NCRnbov2jRqCmZPtDW"
    "ObapDtlUzjUVOj9g1VnMwn4sXTSURXlpq/H4IK6attzaK+xcUyJmmBb5nBHqw7TcN/sMpC"
    "iQor0gRTOdf3dM1H2HfWPev6zvNnljeTCYgjWODgyrOJwoOpVsM0X8hq6Qv6LRodQIewQt"
    "hK6I+Q/kzwlyyIowH4VOeZHr3eYG23X6BSIXiFyg8oDIBe0DkXv8JBj08235uGtqLBdExX"
    "hVEI0pGSAbdyAb55jNdSZ3NL6Hk7v5hELqWTNLsQ6Xw5tI9BDg5nt1QicI6ATRJRKnqU4Q"
    "oT3WwHnlXxLLrieYZxaAfdWld5Mo3z/LFU2nErIrNduqOa9xeobXSY8MxwepiuIOQ+QQ/i"
    "Ey5tjhX1eV2lhLRn0gt/iKwUscuUY71akDxwUcF7AcwHGB9pvSPnBcg0YTvYCDORwHAwRj"
    "uwQjcFzQ4PTwS4dOg9PE/ajNaSUiQGhtILTCrIxd2azwNscJ6WYqK5lQXSrRFHSNgnwIWZ"
    "zaxZkRb1SrMnPpiKrIoJv4H2gqMi7ZK4TRinr3xEOrOWUEhddF1aToNiPyaYKsYR9Rh6CV"
    "Z/lEXppz7SgLMVt6zPaHdcvmmElemvwsaAeZ+zA8YQzyfva1VQAnshc9HJ1XDJzIY9Y+cC"
    "KDJjmRdJxCA9O82FbAdsytaQVaXbc8I9SHcpe2XXMJ2DbMXkEQToLant2DA3tbTgKCk6Ea"
    "XZtDcNiYWY5s3+p7CmpvE7YFcQC60DsTmNM2Tkf3tnOAspINOEDHg+/ROTpTy7HYfCs150"
    "RBz13Ws+W4S9VBT+WWayIBp8k2bskaosWIljoSCVBHK44Fx88ytFSSlQK1NK4W16PispZS"
    "0jLga++O/dhYeg+6h8PnJLvxavTqjHg4jvxwx5HDcc+DPVCuuZB5Aetyv74oCXk8XUmL6t"
    "gkbghNqJ1sHtR8eowGsgpRgBdKU/dZmlqykzWAb+/btxW3780Qp994wHgzxooVcjPI+832"
    "7aalsHWyL38+ev/57dt6VevJQdNZsDXLseOTrXsyjTPTMWi410SLxj4h1HLGeOlR6unZVp"
    "47/iedaB2ifoXkaFF3zk0ZjiALTiK1mMzP9onzClkOIyLeKM7WkUncQuJ/GKIr/reHHYYl"
    "ETREjAbCjkjvTu6A/JVlKE5l3/OzldXzAq/QgMWMjeVkE3/J58CB7106O6E8kTyrurq5jx"
    "mhPp1k0VzWR7Te1IQ0Hg9olicraeB5kNyvI0K01EApRTQlAYiqaus96rpEsZmVIpqSgLS5"
    "PJyJdVGXWUvZI0CoVRJqfwZllDv6yvVaanUU0I2+cjKbulQXG7iEChcn9hXL/ZvUAr7ZuQ"
    "lOBpBHgU6oP0fM4gMCN2FCbOrMUOQMDBF2TLSar4teyrY3gTNEO7KGVHkOUIL6mHM2oQT1"
    "MWsfSlAbtXUhRt9G4sOBmK2OxYYan6sCId1WZhmh/iWYtdLObL8MYtfwbXjW3vPfoTNho/"
    "H7q8zlbqbweMb8P21ZIG1X6EIJdMsAH8dBEwMOgHXEs1j4AwqnpupY5ljmEZ7KfDYantc+"
    "lXmBPeUMrkQ3EQJ468A71t3tcmL9M9Be1FgkXpSuES8KrSgWE2u2tHytw8UzQntcjZ0jti"
    "hmHl26OiDHAv2bw81XsZjWtPQ48soFOSv4CBfl8xfDl7UX5aBxp6G1WKRl+jeVz2vM5PPS"
    "iXyubIAFbcZaXi0wY9bMIbr1LjkxKM/KrcF8lTS1uwNlpQBTNab6samsJHSN6XIMyiOYqU"
    "JQd+RrCUOaSPRhva/S5c0vdxk1FmrLY1W+/fD+h2h4vuA8+1YFOQAczoWLPVWeW3l1v0IU"
    "2i5UK2ib4v+lw1EbqxymctVkhKD1wvboQ74i5CseZ75iKqmHNVKyFqT99QjrVgvX0pCVJX"
    "YmiG5I7xx7QcqlHLoxyfNuThDXeXByaiCJJmv+b3mvE/RZ6gXxTdu3sI3C/Es0p7YZZHHG"
    "UhYTNzIRdVTVai0+p86xJwEy4hQTKELrZBEa7J0Ner8iyVqHCIvG9zACf1mDA7sspcAuCw"
    "wY9x5U7eauKbUJdkr4r1goB/CES7WFcLSE7HeSXn/48DZjV1/f5v3Kz++ubz4+Octx54ry"
    "SepMLW+hcjMr0c7I7RHw+JOjRTzeJDVW4bQMrMOFXnzCYtHtDpUWAkir3cJFVPO0o2PYtz"
    "4bw5xrmH5Na7Qrin2NHWHtnRuYxzXzsnapSvDGEadxKJzJ4MKwyo0Uqdor8bMIH2vVLRe8"
    "QoZHTC7C/bdXiBHsGXNxRxR847gFCd+5vSG/zkf7suTPoeIgS+rYazHG8hkijuGtXdG3JK"
    "wZYcr2Jy0/ro5f+SCmXeowTShKhKLE5oIUUJYGRYmgfShKPFTJjG6N107lXV0zAfdQ37Vk"
    "xNPFOC3ThxyGHF13NqpD2J2Nyik7cS0Hs2drIRwM7x+4o9OLOlnwYlj5LJYXs/j6eKZ1Bk"
    "o0HhJAMvtqEykIc8zG0sHRJE0zckCaapCm5KtrcYVsYXBmJSHTsMuGpUd9mfYw5j+OeA/Y"
    "Hpt4rdM6r/wGUKtdfKkCumZszLEz2+6MT9UNDuXTwTtW6x3jP2vLoz6zkrCSdlnLaca0Lh"
    "2aloGIWHVETGLVQOjmS3Sf4wR1Y+QmPae2T5eMAgYKc1sjZVLGZL4kTFRPIG81ZzKDWVmc"
    "K4VpzXDXepxWaZ2oVzheZjY6SN5jiBzCP0ah+XGCbrAxR9zHQhiJuAW6J2sxXgSf6MoZop"
    "WHRRtgkREpglZybopBqrBX689TdvoPsAlel4gz3am/f2eDX/JJ4v8ujizwBTtrw+k7RxJN"
    "OCK/ji8xY+JSVcpOKaYZGUBV1XZerAgcJoURYjnYW6txTUvlGb91yAQeGbBVjF9IoMYu0p"
    "erj9e3768+/qouiLxWEK7Xv97dXCmZCj3kExnAfVvcy0juCthL+e2aqB8PKdAW6AviY7Fs"
    "6AR70jL7D/gcBv9WQjuhca+DfUoEoN8Beu4BUk+36UlKBrpz5KbykafoAdVbi+pNcwZ1X5"
    "u0DDik1VQviVK5d6R645Tw4wR1I9WbnlNdytH/EsJR4C5j7r2ctJTETW2OkhFf8H9hPn9Q"
    "UC2IP8afi1xCXZugBV6LwmoV5agrXidzPnt0AeTOd4JCPPaNGbKnIXcetA+58x0gZSF3vt"
    "3ced0wwgFCCMcyVeHsqfZ9tRCtBry1n5I7HSewG/217MzaPjknVb68Y25Oj8DOx2N3hEe6"
    "qj+S3iK0IIsJN3MaAOmdvFOfcGqdGxHzqoweCefcBoZkHM3wWplcURpUlFslTIZMspTMpH"
    "oa9gsQfkZZjtb2d1JmX6XTdAJDBnKvOkWcHIE1ekQJLffkXmmMVhzWF0v00H86r1MTe15e"
    "EnteqIgNFyLFrlaRP5ESgryV4ZYpFMfOsELosx6ZBrm4UOXSAVd6lyqX1s370CMqs/ATh2"
    "mTkZ9y0jbb+T8H3aRdLsAtThG2NKnoBIYDq/0fKLzb3HKjJmIhIYFm1gNhSJymVzT6m7vt"
    "Rg9AtACJe1lngqqZK8fvDkAs9YA7PUTTIJYK2odYagf4AI/aWrHUaHwPuYDmD9iFBjaPYU"
    "WKLEMN4y8lAu5ovjQU/Hvw74/Cv88vAg2A+pn1Ko6ZxzS17nWJMrk1ycKlvjgSvCQumhsx"
    "rCJOrGSsRoxUnOLFfD5fTIQdtiIe8inC6KcPn+6CrHADe54lr6LUt3n6oypMuuvNlDxJuu"
    "zKo0tfTmNR5VwkS1JuNpwK1s1TwQ5YeNfR1WtHuyV+Jeq7UqFAD32p0elpnbzU09OKbrin"
    "eXdK2YehKnCtasDQB3TPRnWaDfNR5b7qqNBqeELN9XiOmSLXoip0nRGD4PVw22YXPvaXOl"
    "1PEwHIc1HwWnOCTWVyYXlJf0oESvp3KOkXK4L+GgLLB+S+ANWooBoLVM5hfORPfL8hA4Vr"
    "HFwYVnnEYq+qe9aZcF0dsiLMRw/YXobHWst8XxHx5+IEL16JAL8Alp2gDzZftYOxDGGPiF"
    "PI+HjXV7vFDd57cy12qe97SFP2sM5vxpB9WSfk8rI85PIyDLmUu7mBTrXsgJQI2AE72AGl"
    "kdoqkqenbR73QvakOX6+YunM+VgAZvwOM/7YM1PACuu+FSZI/ZsH4ii726QvV1pkRAypW7"
    "3lIDkcYV+2uXZtbJAg/zLYKhVlWrVElFGG4Lq4zMhfitAChBQ6G1JIVFfXrk0kesjSPruo"
    "Ydw+uyg1bsWlfEfcv/TmdygAltTWlpRcxnQb7aVkIEyWP9FQIKGxRETjYYGosUDoG55gcH"
    "bU4Cw0ydVx52IBcOd2cOc8wn82U6/+FWH9jFT/jrptftXS7XsOPc8bmNzEMbVY0Wg8nCzc"
    "iCo6wycIB+wNwVk/unh1WB3fiRnzWi1zwziLKNS0MfP5lxL1m7JY00F06Q8Rdkx5mToETc"
    "iUekT+ObU8PjygFphv2XZJoKelZ+wQ8Dlsz8IOhXya2j60G8aUY13WMaYPPkbzRU3zcDmo"
    "z0JEEvujIU7bwvYgHMTUpirzvwryWAQwr495R/bkt3QWdEZU7Mjxtcr92KazcapDY509mY"
    "twI07VfSF3rU4DesHRD9FvaVcIOPtucvbAGPWSMbK5/Wrr2ECxQA9toDrJ8uWp8oVEeepZ"
    "M0uR1lIObiIB6G5Cd0EY4/tiEd478rVkR0iJ9ALfqoXo5pe7av4hkz4cDc+TEsd+9qCKEh"
    "KPPWpKqBM9BTpGPTdUmgdEfmtMTEecpqulaflcl5YzULhNqavDKscJi3FjQwzUSFcX/EaQ"
    "Si4l1XnnqkHAJ3ZlFg8rXCQgvPZNeC2woQK8vIAsFID6sbwBWFU/1qWV+6P0Y9XrtrhWY9"
    "W26azekv3znCLTMtFKnrVI+X8tY478OVdJEBSa0xWyfES49s0T9IbyX4Es/j9xTf4oJL4m"
    "GyKHO81ReZCqbWlrz1FmzhrR/qZOnOXap0vPIKE9IwcJki7d1AGSaztL1MXarbvjxwK98I"
    "khtbYnMxyo555Tz8F+opvmm5Xq4ZLVME16wPZNHSM1mqGIGGGi7lQT0awUYFqYo8r638pV"
    "QF3824cVoHmjJTbpdVfbgmAP4W7+aKecB6UNNhDJdSc2XfoG1SM4UyI9nMwNWw+WqwNtMB"
    "rmbZ0FGQJN+8DZJD62bK36hZQIxKszvmQT8Wpg7B8TY088y5gPVHx9cGVYydYnYzZR9eX4"
    "7xA5Va3Nj4XD3rG9Zjk7XdrrqXzXK+/01AeDbXR5WWPT46PKGyCLazmH2tWy28LhPUT3rF"
    "Z76bOK9tJnxfbS/Il+2DinrlGREoFi1GOqgPz2/zQBiYg="
)
