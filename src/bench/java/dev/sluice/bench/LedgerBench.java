package dev.sluice.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.sluice.testing.OwnMariaDb;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a ledger of ten million rows costs to ask, on a MariaDB of its own: usage, pages at any depth, reconciliation, the
 * export, and dropping old rows under calls. Prints tables, and leaves them in {@code target/ledger-bench.md}.
 */
final class LedgerBench {
    private static final String ADMIN_TOKEN = "bench-admin-token-0123456789";
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int DAYS = 90;
    private static final int REPEATS = 20;

    private final long rows = Long.getLong("bench.rows", 10_000_000);
    private final Path folder;
    private final StringBuilder report = new StringBuilder();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final int port;
    private final int managementPort;

    private LedgerBench(Path folder) {
        this.folder = folder;
        int[] ports = Bench.freePorts(2);
        this.port = ports[0];
        this.managementPort = ports[1];
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createTempDirectory("sluice-ledger");
        int status = 1;
        try {
            new LedgerBench(folder).run();
            status = 0;
        } catch (Exception e) {
            e.printStackTrace();
        } finally {
            Bench.delete(folder);
        }
        System.exit(status);
    }

    private void run() throws Exception {
        try (OwnMariaDb mariadb = OwnMariaDb.start(folder)) {
            String url = mariadb.setting().replace("SLUICE_DATABASE_URL=", "");
            String jdbc = url.replace("mysql://root@", "jdbc:mariadb://") + "?user=root&useBulkStmts=true";
            sql(jdbc, "SET GLOBAL innodb_buffer_pool_size = " + (1L << 30));
            try (Program schema = gateway(url)) {
                awaitReady(schema); // the schema is there
            }
            long begun = System.nanoTime();
            sql(jdbc, "SET GLOBAL innodb_flush_log_at_trx_commit = 0");
            String middle = new LedgerFill(jdbc, rows, DAYS).run(LedgerBench::say);
            sql(jdbc, "SET GLOBAL innodb_flush_log_at_trx_commit = 1");
            sql(jdbc, "ANALYZE TABLE calls, daily_usage");
            say("filled in " + seconds(begun) + " s");
            report.append(rows).append(" rows of ").append(DAYS).append(" days in the ledger, ")
                    .append(number(jdbc, "SELECT COUNT(*) FROM daily_usage")).append(" in the daily sums; ")
                    .append(megabytes(mariadbData())).append(" MB on disk; MariaDB ")
                    .append(text(jdbc, "SELECT VERSION()"))
                    .append(" with a buffer pool of 1 GB; machine of ")
                    .append(((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                                    .getTotalMemorySize()
                            >> 30)
                    .append(" GB and ").append(Runtime.getRuntime().availableProcessors()).append(" cores\n\n");
            measure(url, jdbc, middle);
        }
        Files.createDirectories(Path.of("target"));
        Files.writeString(Path.of("target", "ledger-bench.md"), report);
        say("\n" + report);
    }

    private void measure(String url, String jdbc, String middle) throws Exception {
        Path portFile = folder.resolve("vendor.port");
        List<String> mock = List.of(
                java(), "-Xmx128m", "-cp", System.getProperty("java.class.path"), MockVendor.class.getName(),
                portFile.toString());
        try (Program vendor = Program.start(1, folder.resolve("vendor.log"), Map.of(), mock);
                Program gateway = gateway(url)) {
            awaitReady(gateway);
            report.append("| what | median ms | slowest ms | first ms |\n|---|---|---|---|\n");
            LocalDate today = LocalDate.now(ZoneOffset.UTC);
            String month = "/usage?from=" + today.minusDays(29) + "&to=" + today;
            time("usage of 30 days, by day", month);
            time("usage of 30 days, by day and model", month + "&group_by=day,model");
            time("usage of 30 days of one user, by day", month + "&user_id=7");
            time("usage of 30 days, by user", month + "&group_by=user_id");
            time("page of 100, the first", "/calls?limit=100");
            time("page of 100, in the middle", "/calls?limit=100&cursor=" + cursor(middle));
            time("page of 100, the last", "/calls?limit=100&cursor=" + cursor(lastButAPage(jdbc)));
            time("page of 100 of one token, the first", "/calls?limit=100&token_id=7");
            time("page of 100 of one token, in the middle", "/calls?limit=100&token_id=7&cursor=" + cursor(middle));
            time("page of 100 of one day", "/calls?limit=100&from=" + today.minusDays(45) + "&to=" + today.minusDays(45));
            report.append('\n');
            reconcile();
            export(gateway);
            retention(jdbc, Bench.port(portFile, vendor), today);
            reconcile();
        }
    }

    private String lastButAPage(String jdbc) throws SQLException {
        return text(jdbc, "SELECT id FROM calls ORDER BY id LIMIT 1 OFFSET 100");
    }

    private static String cursor(String id) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(id.getBytes(StandardCharsets.UTF_8));
    }

    private void time(String what, String path) throws Exception {
        double first = 0;
        double[] millis = new double[REPEATS];
        for (int i = -1; i < REPEATS; i++) {
            long begun = System.nanoTime();
            get(path);
            double took = (System.nanoTime() - begun) / 1e6;
            if (i < 0) {
                first = took;
            } else {
                millis[i] = took;
            }
        }
        Arrays.sort(millis);
        line("| %s | %.1f | %.1f | %.1f |", what, millis[REPEATS / 2], millis[REPEATS - 1], first);
    }

    private void reconcile() throws Exception {
        long begun = System.nanoTime();
        JsonNode answer = JSON.readTree(get("/reconciliation"));
        line("Reconciliation: %s s, balanced: %s\n", seconds(begun), answer.path("balanced").asString());
    }

    /** First as fast as it comes, and then by a reader who takes a little now and then. */
    private void export(Program gateway) throws Exception {
        long before = gateway.kilobytes("VmRSS");
        long begun = System.nanoTime();
        long bytes = 0;
        try (InputStream csv = csv()) {
            byte[] buffer = new byte[1 << 16];
            for (int read = csv.read(buffer); read >= 0; read = csv.read(buffer)) {
                bytes += read;
            }
        }
        line(
                "CSV export of all rows: %d MB in %s s; resident memory of the gateway %d MB before, %d MB at its peak\n",
                bytes >> 20, seconds(begun), before >> 10, gateway.kilobytes("VmHWM") >> 10);
        try (InputStream csv = csv()) {
            for (int i = 0; i < 20; i++) {
                csv.readNBytes(10_000);
                Thread.sleep(500);
            }
        }
        line(
                "CSV export to a reader who takes 20 kB a second: resident memory %d MB, peak %d MB\n",
                gateway.kilobytes("VmRSS") >> 10, gateway.kilobytes("VmHWM") >> 10);
    }

    private InputStream csv() throws IOException, InterruptedException {
        HttpRequest request = request("/calls").header("Accept", "text/csv").timeout(Duration.ofMinutes(30)).build();
        return http.send(request, HttpResponse.BodyHandlers.ofInputStream()).body();
    }

    /** Drops the oldest two days, and holds the latency of calls against that without it. */
    private void retention(String jdbc, int vendorPort, LocalDate today) throws Exception {
        send("POST", "/channels", "{\"name\":\"mock\",\"vendor\":\"openai-compatible\",\"base_url\":\"http://127.0.0.1:"
                + vendorPort + "/v1\",\"keys\":[\"sk-mock\"],\"models\":[\"*\"]}");
        send("POST", "/prices", "{\"model\":\"bench\",\"input_usd_per_mtok\":0.15,\"output_usd_per_mtok\":0.6}");
        String key = JSON.readTree(send("POST", "/tokens", "{\"name\":\"bench\",\"quota_usd\":1000}"))
                .path("key")
                .asString();
        call(key, 15, new CountDownLatch(0)); // warms it up
        line("| calls at 100 a second | p50 ms | p99 ms | slowest ms |\n|---|---|---|---|");
        latencies("nothing else", call(key, 30, new CountDownLatch(0)));
        long old = number(jdbc, "SELECT COUNT(*) FROM calls WHERE started_at < "
                + today.minusDays(DAYS - 3).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli());
        long all = number(jdbc, "SELECT COUNT(*) FROM calls");
        send("PATCH", "/settings", "{\"retention_days\":" + (DAYS - 3) + "}");
        while (number(jdbc, "SELECT calls FROM dropped_calls UNION SELECT 0 LIMIT 1") == 0) {
            Thread.sleep(100); // it looks once a minute
        }
        long begun = System.nanoTime();
        CountDownLatch dropped = new CountDownLatch(1);
        Thread watching = Thread.startVirtualThread(() -> awaitDropped(jdbc, old, dropped));
        List<Long> during = call(key, 1_800, dropped);
        watching.join();
        latencies("while old rows are dropped", during);
        line("\nRetention: %d of %d rows dropped in %s s", old, all, seconds(begun));
    }

    private static void awaitDropped(String jdbc, long old, CountDownLatch dropped) {
        try {
            while (number(jdbc, "SELECT COALESCE(SUM(calls), 0) FROM dropped_calls WHERE kind = 'user'") < old) {
                Thread.sleep(200);
            }
        } catch (SQLException | InterruptedException e) {
            e.printStackTrace();
        } finally {
            dropped.countDown();
        }
    }

    private void latencies(String what, List<Long> nanos) {
        long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        line(
                "| %s | %.1f | %.1f | %.1f |",
                what,
                sorted[sorted.length / 2] / 1e6,
                sorted[(int) (sorted.length * 0.99)] / 1e6,
                sorted[sorted.length - 1] / 1e6);
    }

    /** Calls at a fixed rate for so many seconds, or until the latch is down where it is not. */
    private List<Long> call(String key, int seconds, CountDownLatch until) throws Exception {
        boolean latched = until.getCount() > 0;
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/chat/completions"))
                .header("Authorization", "Bearer " + key)
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"model\":\"bench\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"))
                .build();
        List<Long> latencies = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < seconds * 100 && !(latched && until.getCount() == 0); i++) {
            long due = start + i * 10_000_000L;
            TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
            long begun = System.nanoTime();
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            latencies.add(System.nanoTime() - begun);
            if (answer.statusCode() != 200) {
                throw new IllegalStateException("a call was answered " + answer.statusCode() + " " + answer.body());
            }
        }
        return latencies;
    }

    private Program gateway(String url) {
        List<String> command = List.of(
                java(), "-Xms32m", "-Xmx128m", "-XX:MaxDirectMemorySize=96m", "-XX:+UseSerialGC", "-jar", "target/sluice.jar");
        return Program.start(
                0,
                folder.resolve("sluice.log"),
                Map.of(
                        "SLUICE_PORT", String.valueOf(port),
                        "SLUICE_MANAGEMENT_PORT", String.valueOf(managementPort),
                        "SLUICE_ADMIN_TOKEN", ADMIN_TOKEN,
                        "SLUICE_DATA_DIR", folder.resolve("gateway").toString(),
                        "SLUICE_DATABASE_URL", url),
                command);
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private void awaitReady(Program gateway) throws InterruptedException {
        for (int i = 0; i < 300 && gateway.alive(); i++) {
            try {
                HttpRequest ready = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz")).build();
                if (http.send(ready, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
                    return;
                }
            } catch (IOException e) {
                // not listening yet
            }
            Thread.sleep(200);
        }
        throw new IllegalStateException("the gateway did not become ready:\n" + gateway.log());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api" + path))
                .timeout(Duration.ofMinutes(10))
                .header("Authorization", "Bearer " + ADMIN_TOKEN);
    }

    private String get(String path) throws IOException, InterruptedException {
        return checked(path, http.send(request(path).build(), HttpResponse.BodyHandlers.ofString()));
    }

    private String send(String method, String path, String json) throws IOException, InterruptedException {
        HttpRequest request = request(path)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(json))
                .build();
        return checked(path, http.send(request, HttpResponse.BodyHandlers.ofString()));
    }

    private static String checked(String path, HttpResponse<String> answer) {
        if (answer.statusCode() / 100 != 2) {
            throw new IllegalStateException(path + ": " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    private void line(String format, Object... values) {
        String line = String.format(Locale.ROOT, format, values);
        report.append(line).append('\n');
        say(line);
    }

    private static String seconds(long begun) {
        return String.format(Locale.ROOT, "%.1f", (System.nanoTime() - begun) / 1e9);
    }

    private static void say(String line) {
        System.out.println(line);
    }

    private Path mariadbData() {
        return folder.resolve("data").resolve("sluice");
    }

    private static long megabytes(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.mapToLong(file -> file.toFile().length()).sum() >> 20;
        }
    }

    private static void sql(String jdbc, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(jdbc);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static long number(String jdbc, String sql) throws SQLException {
        return Long.parseLong(text(jdbc, sql));
    }

    private static String text(String jdbc, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(jdbc);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            return result.next() ? String.valueOf(result.getString(1)) : "";
        }
    }
}
