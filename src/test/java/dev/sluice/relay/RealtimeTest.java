package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Json;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.RawCall;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Conversations on a WebSocket. */
@ExtendWith(NoLeaks.class)
class RealtimeTest {
    private static final String USAGE =
            "{\"total_tokens\":150,\"input_tokens\":100,\"output_tokens\":50,\"input_token_details\":{\"text_tokens\":60,"
                    + "\"audio_tokens\":40,\"cached_tokens\":30,\"cached_tokens_details\":{\"text_tokens\":20,\"audio_tokens\":10}},"
                    + "\"output_token_details\":{\"text_tokens\":10,\"audio_tokens\":40}}";

    private final Gateway gateway = Gateway.shared();
    private final RealtimeVendor vendor = new RealtimeVendor();
    private static final HttpClient http = HttpClient.newHttpClient();

    @BeforeEach
    void onlyThisVendor() {
        gateway.clearChannels();
        channel(gateway, vendor, "{\"model_mapping\":{\"rt\":\"gpt-rt\"}}");
    }

    private static void channel(Gateway at, RealtimeVendor to, String overrides) {
        String fields = Json.merge(
                        "{\"name\":\"realtime\",\"vendor\":\"openai\",\"keys\":[\"sk-vendor-key-1\"],\"models\":[\"*\"]}",
                        Json.merge(to.channel(), overrides).toString())
                .toString();
        at.api("POST", "/channels", fields).expect(201);
    }

    /** Sessions outlive a test that does not end them, and others count those that are open. */
    @AfterEach
    void endSessions() {
        sessions.forEach(session -> session.socket.abort());
        vendor.close();
    }

    private final List<Session> sessions = new ArrayList<>();

    /** A caller, and what it heard. */
    private static final class Session implements WebSocket.Listener {
        final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();
        final StringBuilder piece = new StringBuilder();
        final AtomicLong bytes = new AtomicLong();
        boolean slow;
        WebSocket socket;

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            piece.append(text);
            if (last) {
                heard.add(piece.toString());
                piece.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            bytes.addAndGet(data.remaining());
            heard.add("bytes:" + data.remaining());
            if (!slow) {
                socket.request(1);
            }
            return null;
        }

        @Override
        public void onOpen(WebSocket socket) {
            if (!slow) {
                socket.request(1);
            }
        }

        @Override
        public CompletionStage<?> onPong(WebSocket socket, ByteBuffer bytes) {
            heard.add("pong:" + StandardCharsets.UTF_8.decode(bytes));
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.complete(-1);
        }

        String hears() throws InterruptedException {
            return heard.poll(5, TimeUnit.SECONDS);
        }

        JsonNode hearsEvent() throws InterruptedException {
            return Json.read(hears());
        }

        int closes() throws Exception {
            return closed.get(5, TimeUnit.SECONDS);
        }
    }

    private Session open(String key) {
        return open(gateway, key, "rt");
    }

    private Session open(Gateway at, String key, String model) {
        Session session = new Session();
        session.socket = http.newWebSocketBuilder()
                .header("Authorization", "Bearer " + key)
                .header("OpenAI-Beta", "realtime=v1")
                .buildAsync(uri(at, model), session)
                .join();
        sessions.add(session);
        return session;
    }

    private static byte[] upgrade(String key) {
        return ("GET /v1/realtime?model=deaf HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key
                        + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Has the vendor talk to who does not read, until no more is taken. */
    private static AtomicInteger fillUp(RealtimeVendor vendor, int size, int messages) {
        AtomicInteger sent = new AtomicInteger();
        CompletableFuture.runAsync(() -> {
            for (int i = 0; i < messages; i++) {
                vendor.says("\"" + "a".repeat(size) + "\"");
                sent.incrementAndGet();
            }
        });
        AtomicInteger before = new AtomicInteger();
        await().pollInterval(Duration.ofMillis(200))
                .atMost(Duration.ofSeconds(10))
                .until(() -> before.getAndSet(sent.get()) == sent.get() && sent.get() > 0);
        return sent;
    }

    private Session openUnread(Gateway at, String key, String model) {
        Session session = new Session();
        session.slow = true;
        session.socket = http.newWebSocketBuilder()
                .header("Authorization", "Bearer " + key)
                .buildAsync(uri(at, model), session)
                .join();
        sessions.add(session);
        return session;
    }

    private static URI uri(Gateway at, String model) {
        return URI.create("ws://127.0.0.1:" + at.port() + "/v1/realtime?model=" + model);
    }

    @Test
    void passesEachKindOfFrame_bothWays() throws Exception {
        Session session = open(gateway.token().key());

        session.socket.sendText("{\"type\":\"resp", false).join();
        session.socket.sendText("onse.create\"}", true).join();
        session.socket.sendBinary(ByteBuffer.wrap(new byte[] {65, 66}), true).join();
        session.socket.sendPing(ByteBuffer.wrap(new byte[] {'p'})).join();
        vendor.saysInPieces("{\"type\":\"session", ".created\"}");
        vendor.saysBytes(new byte[7]);

        assertThat(vendor.hears()).isEqualTo("Text:{\"type\":\"response.create\"}");
        assertThat(vendor.hears()).isEqualTo("Binary:AB");
        assertThat(vendor.hears()).isEqualTo("Ping:p");
        assertThat(List.of(session.hears(), session.hears(), session.hears()))
                .containsExactlyInAnyOrder("{\"type\":\"session.created\"}", "bytes:7", "pong:p");
    }

    @Test
    void waitsForASilentVendor_beyondTheFirstBytesTime() throws Exception {
        gateway.clearChannels();
        channel(gateway, vendor, "{\"timeouts\":{\"first_byte_ms\":150,\"idle_ms\":150}}");
        Session session = open(gateway.token().key());

        Thread.sleep(400);
        vendor.says("{\"type\":\"session.created\"}");

        assertThat(session.hears()).contains("session.created");
    }

    @Test
    void takesFromTheVendor_whatTheCallerReads_andNoMore() throws Exception {
        int messages = 60;
        Session session = openUnread(gateway, gateway.token().key(), "rt");
        AtomicInteger sent = fillUp(vendor, 1024 * 1024, messages);

        assertThat(sent.get())
                .as("messages of 1 MB, with the sockets' buffers full")
                .isLessThan(messages - 15);

        int stalled = sent.get();
        session.socket.request(Long.MAX_VALUE);
        await().atMost(Duration.ofSeconds(5)).until(() -> sent.get() > stalled);
        session.socket.abort();
    }

    @Test
    void asksTheVendor_asTheChannelSays() {
        open(gateway.token().key());

        assertThat(vendor.paths).containsExactly("/v1/realtime?model=gpt-rt");
        assertThat(vendor.headers.get("authorization")).isEqualTo("Bearer sk-vendor-key-1");
        assertThat(vendor.headers.get("openai-beta")).isEqualTo("realtime=v1");
        assertThat(vendor.headers.get("sec-websocket-protocol")).isNull();
    }

    @Test
    void asksAzure_byItsDeployment() {
        gateway.clearChannels();
        channel(gateway, vendor, "{\"vendor\":\"azure\",\"base_url\":\"" + vendor.url() + "\"}");

        open(gateway.token().key());

        assertThat(vendor.paths).containsExactly("/openai/realtime?api-version=2025-04-01-preview&deployment=rt");
        assertThat(vendor.headers.get("api-key")).isEqualTo("sk-vendor-key-1");
    }

    @Test
    void takesTheKey_asPagesGiveIt() {
        Session page = new Session();
        page.socket = http.newWebSocketBuilder()
                .subprotocols(
                        "realtime", "openai-insecure-api-key." + gateway.token().key())
                .buildAsync(uri(gateway, "rt"), page)
                .join();
        sessions.add(page);

        assertThat(page.socket.getSubprotocol()).isEqualTo("realtime");
    }

    @Test
    void booksEachAnswer_byItsKindsOfTokens() throws Exception {
        gateway.price(
                "rt",
                "{\"input_usd_per_mtok\":1,\"cached_input_usd_per_mtok\":0.5,\"output_usd_per_mtok\":2,\"audio_input_usd_per_mtok\":10,"
                        + "\"cached_audio_input_usd_per_mtok\":5,\"audio_output_usd_per_mtok\":20}");
        NewToken token = gateway.token("{\"quota_usd\":1}");
        Session session = open(token.key());

        vendor.answers(USAGE);
        vendor.answers(USAGE);
        for (int i = 0; i < 4; i++) {
            session.hears();
        }
        session.socket.sendClose(1000, "").join();

        List<JsonNode> rows = gateway.calls(token, 3);
        assertThat(rows)
                .hasSize(3)
                .allSatisfy(row -> assertThat(row.path("endpoint").asString()).isEqualTo("realtime"));
        // (60-20)×1 + 20×0.5 + (40-10)×10 + 10×5 + 10×2 + 40×20 dollars a million
        assertThat(rows.get(1).path("cost_usd").asDouble()).isEqualTo(0.00122);
        assertThat(rows.get(2).path("prompt_tokens").asLong()).isEqualTo(100);
        assertThat(rows.get(0).path("status").asInt()).isEqualTo(101);
        assertThat(gateway.tokenNow(token.id()).path("used_usd").asDouble()).isEqualTo(0.00244);
        gateway.token();
        assertThat(gateway.api("GET", "/reconciliation", null)
                        .json()
                        .path("balanced")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void endsTheSession_whenTheQuotaIsUsedUp() throws Exception {
        gateway.price("rt-dear", "{\"input_usd_per_mtok\":1000,\"output_usd_per_mtok\":1000}");
        NewToken token = gateway.token("{\"quota_usd\":0.6}");
        Session session = open(gateway, token.key(), "rt-dear");

        vendor.answers(USAGE);

        session.hears();
        assertThat(session.hears()).contains("response.done");
        JsonNode error = session.hearsEvent();
        assertThat(error.path("type").asString()).isEqualTo("error");
        assertThat(error.path("error").path("code").asString()).isEqualTo("insufficient_quota");
        assertThat(session.closes()).isEqualTo(1008);
        assertThat(vendor.closed.get(5, TimeUnit.SECONDS)).isEqualTo(1001);
        List<JsonNode> rows = gateway.calls(token, 2);
        assertThat(rows.get(0).path("error_code").asString()).isEqualTo("insufficient_quota");
        assertThat(rows.get(1).path("cost_usd").asDouble()).isEqualTo(0.15);
    }

    @ParameterizedTest
    @CsvSource({
        "sk-unknown,rt,true,401,invalid_api_key",
        ",,true,400,missing_required_parameter",
        ",rt,false,400,invalid_value",
        "poor,rt-dear2,true,429,insufficient_quota",
        "narrow,rt,true,403,model_not_allowed",
    })
    void refusesInPlainHttp_beforeTheUpgrade(String key, String model, boolean upgrade, int status, String code) {
        gateway.price("rt-dear2", "{\"output_usd_per_mtok\":1000}");
        String token = key == null
                ? gateway.token().key()
                : switch (key) {
                    case "poor" -> gateway.token("{\"quota_usd\":0.01}").key();
                    case "narrow" -> gateway.token("{\"models\":[\"other\"]}").key();
                    default -> key;
                };
        if (!upgrade) {
            var answer = gateway.get("/v1/realtime?model=rt", token).expect(status);
            assertThat(answer.json().path("error").path("code").asString()).isEqualTo(code);
            return;
        }
        assertThatThrownBy(() -> open(gateway, token, model == null ? "" : model))
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        WebSocketHandshakeException.class,
                        refused ->
                                assertThat(refused.getResponse().statusCode()).isEqualTo(status));
        assertThat(vendor.paths).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"500", "401", "200"})
    void triesTheNextChannel_beforeTheUpgrade(int status) throws Exception {
        try (RealtimeVendor broken = new RealtimeVendor(status)) {
            channel(gateway, broken, "{\"priority\":9}");
            NewToken token = gateway.token();

            Session session = open(token.key());
            vendor.says("{\"type\":\"session.created\"}");

            assertThat(session.hears()).contains("session.created");
            assertThat(broken.paths).hasSize(1);
            session.socket.sendClose(1000, "").join();
            assertThat(gateway.onlyCall(token).path("attempts").asInt()).isEqualTo(2);
        }
    }

    @Test
    void tellsTheCaller_withWhichCodeTheVendorClosed() throws Exception {
        Session session = open(gateway.token().key());

        vendor.closes(4001);

        assertThat(session.closes()).isEqualTo(4001);
    }

    @Test
    void tellsTheVendor_withWhichCodeTheCallerClosed() throws Exception {
        Session session = open(gateway.token().key());

        session.socket.sendClose(4002, "bye").join();

        assertThat(vendor.closed.get(5, TimeUnit.SECONDS)).isEqualTo(4002);
    }

    @Test
    void chargesWhatWasHeard_whenTheCallerLeavesInAnAnswer() throws Exception {
        NewToken token = gateway.token();
        Session session = open(token.key());
        vendor.says("{\"type\":\"response.created\",\"response\":{}}");
        vendor.says("{\"type\":\"response.output_text.delta\",\"delta\":\"a\"}");
        vendor.says("{\"type\":\"response.output_audio.delta\",\"delta\":\"" + "A".repeat(6400) + "\"}");
        for (int i = 0; i < 3; i++) {
            session.hears();
        }

        session.socket.abort();

        vendor.closed.get(5, TimeUnit.SECONDS);
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("status").asInt()).isEqualTo(499);
        assertThat(row.path("estimated").asBoolean()).isTrue();
        assertThat(row.path("completion_tokens").asLong()).isEqualTo(3);
    }

    @Test
    void chargesNothing_andSaysSo_whenTheVendorBreaksOffInAnAnswer() throws Exception {
        NewToken token = gateway.token();
        Session session = open(token.key());
        vendor.says("{\"type\":\"response.created\",\"response\":{}}");
        session.hears();

        vendor.breaksOff();

        assertThat(session.hearsEvent().path("error").path("code").asString()).isEqualTo("upstream_error");
        assertThat(session.closes()).isEqualTo(1011);
        JsonNode row = gateway.onlyCall(token);
        assertThat(row.path("error_code").asString()).isEqualTo("upstream_error");
        assertThat(row.path("completion_tokens").asLong()).isZero();
    }

    @Test
    void booksTranscriptions_atTheirOwnModel() throws Exception {
        gateway.price("scribe-1", "{\"input_usd_per_mtok\":1000}");
        NewToken token = gateway.token();
        Session session = open(token.key());
        vendor.says(
                "{\"type\":\"session.updated\",\"session\":{\"audio\":{\"input\":{\"transcription\":{\"model\":\"scribe-1\"}}}}}");
        vendor.says(
                "{\"type\":\"conversation.item.input_audio_transcription.completed\",\"transcript\":\"t\",\"usage\":"
                        + "{\"type\":\"tokens\",\"total_tokens\":20,\"input_tokens\":15,\"output_tokens\":5}}");
        session.hears();
        session.hears();

        JsonNode row = gateway.onlyCall(token);

        assertThat(row.path("model").asString()).isEqualTo("scribe-1");
        assertThat(row.path("cost_usd").asDouble()).isEqualTo(0.015);
    }

    @Test
    void endsTheSession_thatHasAForbiddenModelWriteDown() throws Exception {
        Session session = open(gateway.token("{\"models\":[\"rt\"]}").key());

        vendor.says(
                "{\"type\":\"session.updated\",\"session\":{\"input_audio_transcription\":{\"model\":\"scribe-2\"}}}");

        String first = session.hears();
        String error = first.contains("session.updated") ? session.hears() : first;
        assertThat(error).contains("model_not_allowed");
        assertThat(session.closes()).isEqualTo(1008);
    }

    @Test
    void endsSessions_thatAreIdle_tooLarge_orInTheWayOfAStop() throws Exception {
        try (Gateway small = Gateway.start("sluice.relay.realtime-idle=400ms", "sluice.relay.max-body=100KB");
                RealtimeVendor second = new RealtimeVendor();
                RealtimeVendor third = new RealtimeVendor();
                RealtimeVendor fourth = new RealtimeVendor()) {
            channel(small, vendor, "{\"models\":[\"idle\"]}");
            channel(small, second, "{\"models\":[\"large\"]}");
            channel(small, fourth, "{\"models\":[\"deaf\"]}");
            channel(small, third, "{\"models\":[\"stop\"]}");
            String key = small.token().key();

            assertThat(open(small, key, "idle").closes()).isEqualTo(1000);

            Session large = open(small, key, "large");
            large.socket.sendText("a".repeat(200_000), true).join();
            assertThat(large.closes()).isEqualTo(1009);
            second.closed.get(5, TimeUnit.SECONDS);

            RawCall deaf = RawCall.send(small.port(), upgrade(key), 1_024);
            fillUp(fourth, 64 * 1024, 120);
            Session stopped = open(small, key, "stop");
            third.says("{\"type\":\"session.created\"}");
            stopped.hears();
            CompletableFuture<Void> stop = CompletableFuture.runAsync(small::close);
            assertThat(stopped.closes()).isEqualTo(1001);
            stop.get(10, TimeUnit.SECONDS); // who reads no more never answers the close, and is not waited for
            deaf.close();
        }
    }
}
