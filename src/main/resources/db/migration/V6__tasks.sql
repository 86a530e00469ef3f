-- What a vendor works on after it has answered: whose it is, which channel has it, and what it cost, until that is given back.
CREATE TABLE tasks (
    kind        VARCHAR(8)   ${ascii} NOT NULL, -- mj, suno
    task_id     VARCHAR(100) ${ascii} NOT NULL, -- the vendor's own
    channel_id  BIGINT       NOT NULL,
    user_id     BIGINT       NOT NULL,
    token_id    BIGINT       NOT NULL,
    model       VARCHAR(200) NOT NULL,
    cost_nanos  BIGINT       NOT NULL,
    created_at  BIGINT       NOT NULL,
    refunded_at BIGINT,
    PRIMARY KEY (kind, task_id, channel_id)
) ${table};
CREATE INDEX tasks_created ON tasks (created_at);
