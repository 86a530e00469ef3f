-- What users were given, budgets that renew, and the books that operators look into. Placeholders and units as in V1.

-- Every credit to a user's quota; by_user_id is who gave it, or who redeemed the code.
CREATE TABLE credits (
    id                 ${id},
    user_id            BIGINT       NOT NULL,
    amount_nanos       BIGINT       NOT NULL,
    quota_nanos        BIGINT       NOT NULL, -- the user's quota after it
    note               VARCHAR(500) NOT NULL,
    by_user_id         BIGINT       NOT NULL,
    redemption_code_id BIGINT,
    created_at         BIGINT       NOT NULL
) ${table};
CREATE INDEX credits_user ON credits (user_id, id);

CREATE TABLE redemption_codes (
    id           ${id},
    name         VARCHAR(100) NOT NULL,
    code_hash    VARCHAR(64)  ${ascii} NOT NULL,
    code_hint    VARCHAR(16)  NOT NULL,
    amount_nanos BIGINT       NOT NULL,
    expires_at   BIGINT,
    made_by      BIGINT       NOT NULL,
    redeemed_by  BIGINT,
    redeemed_at  BIGINT,
    created_at   BIGINT       NOT NULL,
    CONSTRAINT redemption_codes_hash UNIQUE (code_hash)
) ${table};

-- Who changed what, when, from where. Never a secret.
CREATE TABLE audit (
    id          ${id},
    changed_at  BIGINT       NOT NULL,
    user_id     BIGINT       NOT NULL,
    username    VARCHAR(64)  NOT NULL,
    means       VARCHAR(16)  NOT NULL,
    client_ip   VARCHAR(45)  NOT NULL,
    action_name VARCHAR(16)  NOT NULL,
    resource    VARCHAR(32)  NOT NULL,
    resource_id VARCHAR(200) NOT NULL,
    changes     ${text}      NOT NULL
) ${table};
CREATE INDEX audit_time ON audit (changed_at);
CREATE INDEX audit_resource ON audit (resource, resource_id);

-- What root changed of the gateway's settings; what is not here has its default. Values are JSON.
CREATE TABLE settings (
    name          VARCHAR(64) NOT NULL PRIMARY KEY,
    setting_value ${text}     NOT NULL,
    updated_at    BIGINT      NOT NULL
) ${table};

-- What the ledger's dropped rows had cost, by account: with it the counters still add up after rows were dropped.
CREATE TABLE dropped_calls (
    kind       VARCHAR(8) NOT NULL,
    account_id BIGINT     NOT NULL,
    calls      BIGINT     NOT NULL,
    cost_nanos BIGINT     NOT NULL,
    PRIMARY KEY (kind, account_id)
) ${table};

-- Budgets that renew: what counts against the quota is used_nanos - period_base_nanos. period_next_nanos is what was
-- spent by calls that began after the period's end and before the next was begun. low_noticed: the warning was given.
ALTER TABLE tokens ADD COLUMN quota_period VARCHAR(8) DEFAULT 'none' NOT NULL;
ALTER TABLE tokens ADD COLUMN time_zone VARCHAR(64) DEFAULT 'UTC' NOT NULL;
ALTER TABLE tokens ADD COLUMN period_starts_at BIGINT;
ALTER TABLE tokens ADD COLUMN period_ends_at BIGINT;
ALTER TABLE tokens ADD COLUMN period_base_nanos BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE tokens ADD COLUMN period_next_nanos BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE tokens ADD COLUMN low_noticed BOOLEAN DEFAULT FALSE NOT NULL;
ALTER TABLE users ADD COLUMN quota_period VARCHAR(8) DEFAULT 'none' NOT NULL;
ALTER TABLE users ADD COLUMN time_zone VARCHAR(64) DEFAULT 'UTC' NOT NULL;
ALTER TABLE users ADD COLUMN period_starts_at BIGINT;
ALTER TABLE users ADD COLUMN period_ends_at BIGINT;
ALTER TABLE users ADD COLUMN period_base_nanos BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE users ADD COLUMN period_next_nanos BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE users ADD COLUMN low_noticed BOOLEAN DEFAULT FALSE NOT NULL;

INSERT INTO revisions (name, revision) VALUES ('settings', 0), ('retention', 0);
