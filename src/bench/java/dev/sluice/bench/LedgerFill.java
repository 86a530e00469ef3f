package dev.sluice.bench;

import dev.sluice.wire.CallId;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Fills a ledger and its daily sums: 500 tokens of 100 users, each with two of 40 models on up to two of 20 channels,
 * evenly over the days before now. Counters of tokens and users are the sums of their rows.
 */
final class LedgerFill {
    private static final int TOKENS = 500;
    private static final int USERS = 100;
    private static final int MODELS = 40;
    private static final int CHANNELS = 20;
    private static final int BATCH = 5_000;
    private static final long DAY = Duration.ofDays(1).toMillis();

    private static final String CALLS = "INSERT INTO calls (id, started_at, endpoint, model, upstream_model, stream, user_id,"
            + " token_id, channel_id, status, error_code, prompt_tokens, cached_tokens, cache_write_tokens,"
            + " completion_tokens, reasoning_tokens, estimated, cost_nanos, price, duration_ms, ttft_ms, attempts, client_ip)"
            + " VALUES (?, ?, 'chat', ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 0, FALSE, ?, '0.15 in, 0.6 out', ?, ?, 1,"
            + " '192.0.2.17')";
    private static final String SUMS = "INSERT INTO daily_usage (usage_day, model, token_id, user_id, channel_id, calls,"
            + " errors, prompt_tokens, cached_tokens, completion_tokens, cost_nanos) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)";

    private final String jdbc;
    private final long rows;
    private final int days;
    private final Random random = new Random(7);
    private final Map<Key, long[]> sums = new HashMap<>();
    private final long[] tokenCost = new long[TOKENS + 1];
    private final long[] userCost = new long[USERS + 1];

    LedgerFill(String jdbc, long rows, int days) {
        this.jdbc = jdbc;
        this.rows = rows;
        this.days = days;
    }

    private record Key(String model, int token, int user, long channel) {}

    /** @return the id of the row in the middle */
    String run(Consumer<String> say) throws SQLException {
        long now = System.currentTimeMillis();
        long first = now - days * DAY;
        long day = first / DAY;
        String middle = "";
        long begun = System.nanoTime();
        try (Connection connection = DriverManager.getConnection(jdbc)) {
            connection.setAutoCommit(false);
            try (PreparedStatement insert = connection.prepareStatement(CALLS)) {
                for (long row = 0; row < rows; row++) {
                    long at = first + (long) ((double) row / rows * days * DAY);
                    if (at / DAY != day) {
                        writeSums(connection, day);
                        day = at / DAY;
                    }
                    String id = CallId.floor(at).substring(0, 10) + CallId.floor(row).substring(0, 10) + "000000";
                    if (row == rows / 2) {
                        middle = id;
                    }
                    bind(insert, id, at);
                    insert.addBatch();
                    if ((row + 1) % BATCH == 0 || row + 1 == rows) {
                        insert.executeBatch();
                        connection.commit();
                    }
                    if ((row + 1) % (rows / 20) == 0) {
                        double seconds = (System.nanoTime() - begun) / 1e9;
                        say.accept(String.format("%,d of %,d rows, %,.0f a second", row + 1, rows, (row + 1) / seconds));
                    }
                }
            }
            writeSums(connection, day);
            writeAccounts(connection, now);
            connection.commit();
        }
        return middle;
    }

    private void bind(PreparedStatement insert, String id, long at) throws SQLException {
        int token = 1 + random.nextInt(TOKENS);
        int user = 1 + token % USERS;
        String model = "model-" + (token + random.nextInt(2)) % MODELS;
        long channel = 1 + (token * 7 + random.nextInt(2)) % CHANNELS;
        boolean failed = random.nextInt(50) == 0;
        long prompt = 50 + random.nextInt(3_000);
        long completion = failed ? 0 : 20 + random.nextInt(800);
        long cost = failed ? 0 : prompt * 150 + completion * 600;
        insert.setString(1, id);
        insert.setLong(2, at);
        insert.setString(3, model);
        insert.setString(4, model);
        insert.setBoolean(5, random.nextBoolean());
        insert.setLong(6, user);
        insert.setLong(7, token);
        insert.setLong(8, channel);
        insert.setInt(9, failed ? 502 : 200);
        insert.setString(10, failed ? "upstream_error" : null);
        insert.setLong(11, prompt);
        insert.setLong(12, completion);
        insert.setLong(13, cost);
        insert.setLong(14, 300 + random.nextInt(9_000));
        insert.setLong(15, 100 + random.nextInt(900));
        long[] sum = sums.computeIfAbsent(new Key(model, token, user, channel), key -> new long[5]);
        sum[0]++;
        sum[1] += failed ? 1 : 0;
        sum[2] += prompt;
        sum[3] += completion;
        sum[4] += cost;
        tokenCost[token] += cost;
        userCost[user] += cost;
    }

    private void writeSums(Connection connection, long day) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(SUMS)) {
            for (Map.Entry<Key, long[]> each : sums.entrySet()) {
                insert.setLong(1, day);
                insert.setString(2, each.getKey().model);
                insert.setLong(3, each.getKey().token);
                insert.setLong(4, each.getKey().user);
                insert.setLong(5, each.getKey().channel);
                for (int i = 0; i < 5; i++) {
                    insert.setLong(6 + i, each.getValue()[i]);
                }
                insert.addBatch();
            }
            insert.executeBatch();
        }
        sums.clear();
    }

    /** User 1 is root, whom the gateway made already. */
    private void writeAccounts(Connection connection, long now) throws SQLException {
        try (PreparedStatement root = connection.prepareStatement("UPDATE users SET used_nanos = ? WHERE id = 1");
                PreparedStatement user = connection.prepareStatement("INSERT INTO users (id, username, password_hash,"
                        + " display_name, role_name, group_name, enabled, used_nanos, created_at, updated_at)"
                        + " VALUES (?, ?, '', '', 'user', 'default', TRUE, ?, ?, ?)");
                PreparedStatement token = connection.prepareStatement("INSERT INTO tokens (id, name, key_hash, key_hint,"
                        + " user_id, enabled, used_nanos, models, allowed_ips, limits, created_at, updated_at)"
                        + " VALUES (?, ?, ?, '', ?, TRUE, ?, '[]', '[]', '{}', ?, ?)")) {
            root.setLong(1, userCost[1]);
            root.execute();
            for (int id = 2; id <= USERS; id++) {
                user.setLong(1, id);
                user.setString(2, "user" + id);
                user.setLong(3, userCost[id]);
                user.setLong(4, now);
                user.setLong(5, now);
                user.addBatch();
            }
            user.executeBatch();
            for (int id = 1; id <= TOKENS; id++) {
                token.setLong(1, id);
                token.setString(2, "token" + id);
                token.setString(3, "none" + id);
                token.setLong(4, 1 + id % USERS);
                token.setLong(5, tokenCost[id]);
                token.setLong(6, now);
                token.setLong(7, now);
                token.addBatch();
            }
            token.executeBatch();
        }
    }
}
