-- How users sign in besides their passwords. Placeholders and units as in V1.

-- The second factor of a user: a secret that an authenticator app shares (RFC 6238).
CREATE TABLE second_factors (
    user_id       BIGINT       NOT NULL PRIMARY KEY,
    sealed_secret VARCHAR(500) ${ascii} NOT NULL, -- by database/MasterKey
    confirmed_at  BIGINT,                         -- null: the app has not shown yet that it knows the secret
    last_step     BIGINT       NOT NULL,          -- the half minute of the last code: no code is taken twice
    created_at    BIGINT       NOT NULL
) ${table};

-- What signs in where the app is lost: each once, so a used one is deleted.
CREATE TABLE recovery_codes (
    id        ${id},
    user_id   BIGINT      NOT NULL,
    code_hash VARCHAR(64) ${ascii} NOT NULL
) ${table};
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

-- Whom an OpenID provider vouches for. Subjects are compared to the letter.
CREATE TABLE identities (
    issuer     VARCHAR(255) ${ascii} NOT NULL,
    subject    VARCHAR(255) ${ascii} NOT NULL,
    user_id    BIGINT       NOT NULL,
    created_at BIGINT       NOT NULL,
    PRIMARY KEY (issuer, subject)
) ${table};
CREATE INDEX identities_user ON identities (user_id);

-- Sign-ins at a provider that came back: none comes back twice.
CREATE TABLE used_sign_ins (
    state_hash VARCHAR(64) ${ascii} NOT NULL PRIMARY KEY,
    used_at    BIGINT      NOT NULL
) ${table};
