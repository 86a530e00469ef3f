-- One script for H2, MySQL/MariaDB and PostgreSQL. What they name differently are placeholders, set in database/DatabaseConfiguration:
--   ${id}     a generated 64-bit key        ${text}  a long text
--   ${ascii}  suffix of a column that holds plain ASCII and compares byte by byte
--   ${table}  suffix of a table definition
-- Times are milliseconds since 1970-01-01T00:00:00Z. Money is nano-dollars. Factors are millionths. Lists and maps are JSON.

CREATE TABLE users (
    id            ${id},
    username      VARCHAR(64)  NOT NULL,
    password_hash VARCHAR(200) NOT NULL,
    display_name  VARCHAR(100) NOT NULL,
    role_name     VARCHAR(8)   NOT NULL,
    group_name    VARCHAR(64)  NOT NULL,
    enabled       BOOLEAN      NOT NULL,
    quota_nanos   BIGINT,
    used_nanos    BIGINT       NOT NULL DEFAULT 0,
    leased_nanos  BIGINT       NOT NULL DEFAULT 0,
    created_at    BIGINT       NOT NULL,
    updated_at    BIGINT       NOT NULL,
    CONSTRAINT users_username UNIQUE (username)
) ${table};

CREATE TABLE user_groups (
    name                   VARCHAR(64) NOT NULL PRIMARY KEY,
    price_factor_millionth BIGINT      NOT NULL,
    limits                 ${text}     NOT NULL,
    created_at             BIGINT      NOT NULL,
    updated_at             BIGINT      NOT NULL
) ${table};

CREATE TABLE tokens (
    id           ${id},
    name         VARCHAR(100) NOT NULL,
    key_hash     VARCHAR(64)  ${ascii} NOT NULL,
    key_hint     VARCHAR(16)  NOT NULL,
    user_id      BIGINT       NOT NULL,
    enabled      BOOLEAN      NOT NULL,
    expires_at   BIGINT,
    quota_nanos  BIGINT,
    used_nanos   BIGINT       NOT NULL DEFAULT 0,
    leased_nanos BIGINT       NOT NULL DEFAULT 0,
    models       ${text}      NOT NULL,
    allowed_ips  ${text}      NOT NULL,
    limits       ${text}      NOT NULL,
    last_used_at BIGINT,
    created_at   BIGINT       NOT NULL,
    updated_at   BIGINT       NOT NULL,
    CONSTRAINT tokens_key_hash UNIQUE (key_hash)
) ${table};
CREATE INDEX tokens_user ON tokens (user_id);

CREATE TABLE channels (
    id                     ${id},
    name                   VARCHAR(100)  NOT NULL,
    vendor                 VARCHAR(64)   NOT NULL,
    base_url               VARCHAR(1000) NOT NULL,
    sealed_keys            ${text}       NOT NULL,
    key_hints              ${text}       NOT NULL,
    models                 ${text}       NOT NULL,
    model_mapping          ${text}       NOT NULL,
    group_names            ${text}       NOT NULL,
    priority               INT           NOT NULL,
    weight                 INT           NOT NULL,
    enabled                BOOLEAN       NOT NULL,
    headers                ${text}       NOT NULL,
    options                ${text}       NOT NULL,
    limits                 ${text}       NOT NULL,
    timeouts               ${text}       NOT NULL,
    price_factor_millionth BIGINT        NOT NULL,
    tags                   ${text}       NOT NULL,
    created_at             BIGINT        NOT NULL,
    updated_at             BIGINT        NOT NULL
) ${table};

-- The operator's prices; the built-in list is a file of the program (prices.csv). Nano-dollars per million tokens, or per call.
CREATE TABLE prices (
    id                 ${id},
    model              VARCHAR(200) NOT NULL,
    input_nanos        BIGINT,
    cached_input_nanos BIGINT,
    cache_write_nanos  BIGINT,
    output_nanos       BIGINT,
    call_nanos         BIGINT,
    created_at         BIGINT       NOT NULL,
    updated_at         BIGINT       NOT NULL,
    CONSTRAINT prices_model UNIQUE (model)
) ${table};

-- The ledger: one row a call, whatever its end. The id sorts by time.
CREATE TABLE calls (
    id                 VARCHAR(26)  ${ascii} NOT NULL PRIMARY KEY,
    started_at         BIGINT       NOT NULL,
    endpoint           VARCHAR(40)  NOT NULL,
    model              VARCHAR(200) NOT NULL,
    upstream_model     VARCHAR(200),
    stream             BOOLEAN      NOT NULL,
    user_id            BIGINT       NOT NULL,
    token_id           BIGINT       NOT NULL,
    channel_id         BIGINT,
    status             INT          NOT NULL,
    error_code         VARCHAR(64),
    prompt_tokens      BIGINT       NOT NULL,
    cached_tokens      BIGINT       NOT NULL,
    cache_write_tokens BIGINT       NOT NULL,
    completion_tokens  BIGINT       NOT NULL,
    reasoning_tokens   BIGINT       NOT NULL,
    estimated          BOOLEAN      NOT NULL,
    cost_nanos         BIGINT       NOT NULL,
    price              VARCHAR(300),
    duration_ms        BIGINT       NOT NULL,
    ttft_ms            BIGINT,
    attempts           INT          NOT NULL,
    client_ip          VARCHAR(45)  NOT NULL
) ${table};
CREATE INDEX calls_user ON calls (user_id, id);
CREATE INDEX calls_token ON calls (token_id, id);
CREATE INDEX calls_channel ON calls (channel_id, id);

-- What the usage pages read: the ledger's sums by UTC day, kept in the same transaction as the rows. Channel 0: none was reached.
CREATE TABLE daily_usage (
    usage_day          INT          NOT NULL, -- days since 1970-01-01
    model              VARCHAR(200) NOT NULL,
    token_id           BIGINT       NOT NULL,
    user_id            BIGINT       NOT NULL,
    channel_id         BIGINT       NOT NULL,
    calls              BIGINT       NOT NULL,
    errors             BIGINT       NOT NULL,
    prompt_tokens      BIGINT       NOT NULL,
    cached_tokens      BIGINT       NOT NULL,
    completion_tokens  BIGINT       NOT NULL,
    cost_nanos         BIGINT       NOT NULL,
    PRIMARY KEY (usage_day, model, token_id, user_id, channel_id)
) ${table};
CREATE INDEX daily_usage_user ON daily_usage (user_id, usage_day);

CREATE TABLE access_tokens (
    id           ${id},
    name         VARCHAR(100) NOT NULL,
    token_hash   VARCHAR(64)  ${ascii} NOT NULL,
    token_hint   VARCHAR(16)  NOT NULL,
    user_id      BIGINT       NOT NULL,
    scope        VARCHAR(8)   NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    created_at   BIGINT       NOT NULL,
    CONSTRAINT access_tokens_hash UNIQUE (token_hash)
) ${table};

CREATE TABLE sessions (
    id_hash    VARCHAR(64) ${ascii} NOT NULL PRIMARY KEY,
    user_id    BIGINT      NOT NULL,
    created_at BIGINT      NOT NULL,
    expires_at BIGINT      NOT NULL
) ${table};

-- What nodes watch: the number moves in the transaction of each change, and the others reload what it names.
CREATE TABLE revisions (
    name     VARCHAR(32) NOT NULL PRIMARY KEY,
    revision BIGINT      NOT NULL
) ${table};

-- What a node took of an account's quota and may spend without asking. The sum over nodes is the account's leased_nanos.
CREATE TABLE leases (
    node_id      VARCHAR(26) ${ascii} NOT NULL,
    kind         VARCHAR(8)  NOT NULL,
    account_id   BIGINT      NOT NULL,
    amount_nanos BIGINT      NOT NULL,
    PRIMARY KEY (node_id, kind, account_id)
) ${table};

-- Nodes that share this database, and when each was last seen.
CREATE TABLE nodes (
    id      VARCHAR(26) ${ascii} NOT NULL PRIMARY KEY,
    seen_at BIGINT      NOT NULL
) ${table};

INSERT INTO user_groups (name, price_factor_millionth, limits, created_at, updated_at) VALUES ('default', 1000000, '{}', 0, 0);
INSERT INTO revisions (name, revision) VALUES ('access', 0), ('channels', 0), ('prices', 0);
