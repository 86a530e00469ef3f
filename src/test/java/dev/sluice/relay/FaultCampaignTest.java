package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Json;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/**
 * Many calls at once to vendors that fail in every way at random, from a fixed seed. However a vendor ends, each call
 * ends in a documented way, a stream that says it is whole is whole, and the books hold each call once. The property
 * {@code campaign.minutes} makes it go on, round after round, and watch the memory: {@code -Psoak} does.
 */
class FaultCampaignTest {
    private static final double MINUTES = Double.parseDouble(System.getProperty("campaign.minutes", "0"));
    private static final int CALLERS = MINUTES > 0 ? 200 : 24;
    private static final int CALLS = MINUTES > 0 ? 4_000 : 720;
    private static final int CHANNELS = 12;

    /** What may be kept of a campaign for good: what is compiled and cached grows for a while. */
    private static final long MOST_GROWTH = 24L * 1024 * 1024;

    private static final Set<Integer> STATUSES = Set.of(429, 502, 503, 504);
    private static final Set<String> CODES =
            Set.of("upstream_rate_limited", "upstream_error", "no_available_channel", "upstream_timeout");

    private static final String ASK =
            "{\"model\":\"camp\",\"max_tokens\":9,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"Go!\"}]}";
    private static final String DONE = "data: [DONE]\n\n";
    private static final String WORD = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}\n\n";
    private static final String[] WHOLE = ScriptedVendor.chatStream("one two three four five", 3, 5);
    private static final Duration MOMENT = Duration.ofMillis(20);

    /** What a caller saw: the call's id, its status, and whether the answer was whole. A caller who left saw less. */
    private record Seen(String id, int status, boolean whole, boolean left) {}

    @Test
    @Timeout(4 * 3_600)
    void everyCallEndsAsItShould_howeverVendorsFail() throws Exception {
        List<Long> heap = new ArrayList<>();
        long end = System.nanoTime() + (long) (MINUTES * 60e9);
        Gateway gateway = Gateway.shared();
        int round = 0;
        do {
            round(gateway, 20_261_124L + round++);
            if (MINUTES > 0) {
                heap.add(heap());
                System.out.printf("round %d: %,d calls, heap %,d kB%n", round, CALLS, heap.getLast() / 1024);
            }
        } while (System.nanoTime() < end);
        if (heap.size() >= 6) {
            double growth = slope(heap.subList(heap.size() / 3, heap.size())) * heap.size();
            System.out.printf("memory slope: %,.0f kB over the campaign%n", growth / 1024);
            assertThat(growth).isLessThan(MOST_GROWTH);
        }
    }

    private static void round(Gateway gateway, long seed) throws Exception {
        gateway.clearChannels();
        gateway.price("camp", "{\"usd_per_call\":0.001}");
        try (ScriptedVendor faulty = ScriptedVendor.start();
                ScriptedVendor good = ScriptedVendor.start()) {
            Random random = new Random(seed);
            faulty.forKey("sk-vendor-key-1").always(call -> {
                synchronized (random) {
                    return script(call.text().contains("\"stream\":true"), random);
                }
            });
            good.forKey("sk-vendor-key-1").always(call -> whole(call.text().contains("\"stream\":true")));
            for (int i = 0; i < CHANNELS; i++) {
                gateway.channel(
                        faulty,
                        "{\"priority\":9,\"models\":[\"camp\"],\"timeouts\":{\"first_byte_ms\":300,\"idle_ms\":300}}");
            }
            gateway.channel(good, "{\"models\":[\"camp\"]}");
            NewToken token = gateway.token("{\"quota_usd\":1000}");

            List<Seen> seen = called(gateway, token.key(), seed);

            booked(gateway, token, seen);
            await().atMost(Duration.ofSeconds(10)).until(() -> metric(gateway, "sluice_open_calls") == 0);
            await().atMost(Duration.ofSeconds(10)).until(() -> metric(gateway, "sluice_open_streams") == 0);
            assertThat(seen.stream().filter(Seen::whole)).hasSizeGreaterThan(CALLS / 2);
            assertThat(seen.stream().filter(call -> call.status() == 200 && !call.whole() && !call.left()))
                    .as("streams that broke")
                    .isNotEmpty();
        } finally {
            gateway.clearChannels();
        }
    }

    private static List<Seen> called(Gateway gateway, String key, long seed) throws Exception {
        List<Callable<List<Seen>>> work = new ArrayList<>();
        for (int caller = 0; caller < CALLERS; caller++) {
            Random random = new Random(seed * 1_000 + caller);
            work.add(() -> {
                List<Seen> seen = new ArrayList<>();
                for (int i = 0; i < CALLS / CALLERS; i++) {
                    seen.add(call(gateway, key, random));
                }
                return seen;
            });
        }
        List<Seen> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
            for (Future<List<Seen>> each : threads.invokeAll(work)) {
                all.addAll(each.get());
            }
        }
        return all;
    }

    private static Seen call(Gateway gateway, String key, Random random) {
        int kind = random.nextInt(10);
        boolean stream = kind > 2;
        boolean messages = kind > 6;
        String path = messages ? "/v1/messages" : "/v1/chat/completions";
        try (RawCall call = RawCall.post(gateway.port(), path, key, ASK.formatted(stream))) {
            String id = call.header("x-request-id");
            if (random.nextInt(10) == 0) {
                call.read();
                if (random.nextBoolean()) {
                    call.reset();
                }
                return new Seen(id, call.status(), false, true);
            }
            String body = call.readAll().replace("\r\n", "\n");
            assertThat(call.cutOff()).as(body).isFalse();
            return new Seen(id, call.status(), whole(call.status(), body, stream, messages), false);
        }
    }

    /** Whether the answer says that it is whole; then it is. Else it says what went wrong, and nothing else. */
    private static boolean whole(int status, String body, boolean stream, boolean messages) {
        if (status != 200) {
            assertThat(status).as(body).isIn(STATUSES);
            assertThat(Json.read(body).path("error").path("code").asString()).isIn(CODES);
            return false;
        }
        if (!stream) {
            assertThat(body).contains("one two three four five");
            return true;
        }
        boolean whole = messages ? body.contains("event: message_stop") : body.endsWith(DONE);
        if (whole) {
            assertThat(body).contains("one", "two", "three", "four", "five").doesNotContain("\"error\"");
        } else {
            assertThat(body)
                    .contains(messages ? "event: error" : "data: {\"error\":")
                    .endsWith("\n\n");
            assertThat(body).doesNotContain("[DONE]", "message_stop");
        }
        return whole;
    }

    private static void booked(Gateway gateway, NewToken token, List<Seen> seen) {
        Map<String, JsonNode> rows = new HashMap<>();
        await().atMost(Duration.ofSeconds(10)).until(() -> {
            rows.clear();
            read(gateway, token, rows);
            return rows.size() >= seen.size();
        });
        assertThat(rows).hasSize(seen.size());
        for (Seen call : seen) {
            JsonNode row = rows.get(call.id());
            assertThat(row).as("row of " + call).isNotNull();
            if (!call.left()) {
                assertThat(row.path("status").asInt()).as(row.toString()).isEqualTo(call.status());
                assertThat(row.path("error_code").isNull()).as(row.toString()).isEqualTo(call.whole());
                assertThat(row.path("cost_usd").asDouble()).isEqualTo(call.whole() ? 0.001 : 0);
            }
        }
        assertThat(gateway.api("GET", "/reconciliation", null)
                        .expect(200)
                        .json()
                        .path("balanced")
                        .asBoolean())
                .isTrue();
    }

    private static void read(Gateway gateway, NewToken token, Map<String, JsonNode> rows) {
        String cursor = "";
        do {
            JsonNode page = gateway.api("GET", "/calls?limit=200&token_id=" + token.id() + cursor, null)
                    .expect(200)
                    .json();
            for (JsonNode row : page.path("data")) {
                assertThat(rows.put(row.path("id").asString(), row))
                        .as("a row twice")
                        .isNull();
            }
            JsonNode next = page.path("next_cursor");
            cursor = next.isNull() ? "" : "&cursor=" + Gateway.escape(next.asString());
        } while (!cursor.isEmpty());
    }

    private static Script whole(boolean stream) {
        return stream ? Script.events(WHOLE) : Script.json(200, ScriptedVendor.chat("one two three four five", 3, 5));
    }

    /** Half of the answers are right. */
    private static Script script(boolean stream, Random random) {
        if (random.nextBoolean()) {
            return whole(stream);
        }
        return switch (random.nextInt(stream ? 24 : 13)) {
            case 0 -> Script.json(500, "{\"error\":{\"message\":\"context_length_exceeded\"}}");
            case 1 -> Script.json(503, "overloaded");
            case 2 -> Script.json(529, "{}");
            case 3 -> Script.json(429, "{}").header("Retry-After", "1");
            case 4 ->
                Script.json(429, "{}")
                        .header("x-ratelimit-remaining-tokens", "0")
                        .header("x-ratelimit-reset-tokens", "200ms");
            case 5 -> Script.html();
            case 6 -> Script.raw("SSH-2.0-OpenSSH_9\r\n").hangUp();
            case 7 -> Script.silent();
            case 8 -> Script.hangUpAtOnce(random.nextBoolean());
            case 9 -> Script.half(ScriptedVendor.chat("one two three four five", 3, 5));
            case 10 -> Script.json(200, "{\"error\":{\"message\":\"no\",\"code\":500}}");
            case 11 -> stream ? whole(false) : whole(true);
            case 12 -> Script.json(random.nextInt(8) == 0 ? 401 : 408, "{}");
            case 13 -> Script.events().hangUp();
            case 14 -> Script.events().stall();
            case 15 -> Script.events(WORD).pause(MOMENT).reset();
            case 16 -> Script.events(WORD).hangUp();
            case 17 -> Script.events(WORD, WORD.substring(0, 30)).hangUp();
            case 18 -> Script.events(WORD, WORD.substring(0, 30)).stall();
            case 19 -> Script.events(WORD, "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n", DONE);
            case 20 -> Script.events(WORD); // its end is the stream's, but it never finished
            case 21 -> Script.events(java.util.Arrays.copyOf(WHOLE, WHOLE.length - 1)); // all but the last word
            case 22 -> Script.events().drip(String.join("", WHOLE), 97, Duration.ofMillis(2));
            default -> Script.events(String.join("", WHOLE).replace("\n", "\r\n"), DONE, WORD);
        };
    }

    private static double metric(Gateway gateway, String name) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + gateway.managementPort() + "/actuator/prometheus");
            String all = http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
            return all.lines()
                    .filter(line -> line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static long heap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** Bytes a round, by least squares. */
    private static double slope(List<Long> heap) {
        double middle = (heap.size() - 1) / 2.0;
        double mean = heap.stream().mapToLong(Long::longValue).average().orElse(0);
        double above = 0;
        double below = 0;
        for (int i = 0; i < heap.size(); i++) {
            above += (i - middle) * (heap.get(i) - mean);
            below += (i - middle) * (i - middle);
        }
        return above / below;
    }
}
