package dev.sluice.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The tests' own tool is trusted only as far as this goes. */
class ScriptedVendorTest {
    private static final String ASK = "{\"model\":\"gpt-4o-mini\",\"messages\":[],\"big\":12345678901234567890}";
    private static final String STREAM = "{\"model\":\"gpt-4o-mini\",\"messages\":[],\"stream\":true}";

    private ScriptedVendor vendor;

    @BeforeEach
    void start() {
        vendor = ScriptedVendor.start();
    }

    @AfterEach
    void stop() {
        vendor.close();
    }

    private RawCall post(String json) {
        return RawCall.post(vendor.port(), "/v1/chat/completions?a=b", "sk-1", json);
    }

    @Test
    void recordsTheRequest_byteForByte() {
        post(ASK).readAll();

        VendorCall call = vendor.nextCall();
        assertThat(call.method()).isEqualTo("POST");
        assertThat(call.uri()).isEqualTo("/v1/chat/completions?a=b");
        assertThat(call.text()).isEqualTo(ASK);
        assertThat(call.key()).isEqualTo("sk-1");
        assertThat(call.headers().get("content-type")).isEqualTo("application/json");
    }

    @Test
    void playsScriptsInOrder_andThenTheOneForAlways() {
        vendor.answers("{\"a\":1}").refuses(429, "{}").always(Script.html());

        assertThat(post(ASK).readAll()).isEqualTo("{\"a\":1}");
        assertThat(post(ASK).status()).isEqualTo(429);
        assertThat(post(ASK).header("content-type")).startsWith("text/html");
        assertThat(post(ASK).readAll()).contains("Welcome");
    }

    @Test
    void answersByKey() {
        vendor.forKey("sk-2").refuses(401, "{}");

        assertThat(post(ASK).status()).isEqualTo(200);
        assertThat(RawCall.post(vendor.port(), "/v1/embeddings", Map.of("api-key", "sk-2"), ASK)
                        .status())
                .isEqualTo(401);
    }

    @Test
    void speaksOpenAi_withoutAScript() {
        assertThat(post(ASK).readAll()).contains("\"object\":\"chat.completion\"");
        assertThat(post(STREAM).readAll()).endsWith("data: [DONE]\n\n").doesNotContain("usage");
        assertThat(RawCall.post(vendor.port(), "/openai/deployments/d/embeddings?api-version=1", "k", ASK)
                        .readAll())
                .contains("\"embedding\":[0.5,-0.25]");
        assertThat(RawCall.post(vendor.port(), "/v1/nothing", "k", ASK).status())
                .isEqualTo(404);
    }

    @Test
    void keepsItsSplitPoints() {
        CompletableFuture<Void> go = new CompletableFuture<>();
        vendor.then(Script.events("data: {\"t\":\"")
                .await(go)
                .send(List.of(half(0), half(1)))
                .send("\"}\n\n"));
        RawCall call = post(STREAM);

        assertThat(call.read().text()).isEqualTo("data: {\"t\":\"");
        go.complete(null);
        assertThat(call.readAll()).isEqualTo("data: {\"t\":\"é\"}\n\n");
        assertThat(call.cutOff()).isFalse();
        assertThat(call.reads()).hasSizeGreaterThanOrEqualTo(2);
    }

    private static byte[] half(int which) {
        return new byte[] {"é".getBytes(UTF_8)[which]};
    }

    @Test
    void saysNothing_whenSilent() throws Exception {
        vendor.then(Script.silent());
        RawCall call = post(ASK);
        VendorCall seen = vendor.nextCall();

        assertThat(seen.accepted()).isZero();
        call.close();
        seen.callerLeft().get(5, TimeUnit.SECONDS);
    }

    @Test
    void sendsHeadersAlone_whenStalledBeforeTheFirstByte() throws Exception {
        vendor.then(Script.events().stall());
        RawCall call = post(STREAM);

        assertThat(call.status()).isEqualTo(200);
        call.close();
        vendor.nextCall().callerLeft().get(5, TimeUnit.SECONDS);
    }

    @Test
    void stallsInMidStream_andSeesTheCallerLeave() throws Exception {
        vendor.then(Script.events("data: 1\n\n").stall());
        RawCall call = post(STREAM);
        call.readUntil("data: 1\n\n");
        VendorCall seen = vendor.nextCall();

        assertThat(seen.callerLeft()).isNotDone();
        call.reset();
        seen.callerLeft().get(5, TimeUnit.SECONDS);
    }

    @Test
    void breaksOff_politelyOrWithAReset() {
        vendor.then(Script.events("data: {\"ha").hangUp());
        vendor.then(Script.events("data: {\"ha").pause(Duration.ofMillis(50)).reset());
        vendor.then(Script.half("{\"a\":\"0123456789\"}"));

        for (String expected : new String[] {"data: {\"ha", "data: {\"ha", "{\"a\":\"012"}) {
            RawCall call = post(STREAM);
            assertThat(call.readAll()).startsWith(expected);
            assertThat(call.cutOff()).isTrue();
        }
    }

    @Test
    void endsTheConnectionWithoutAByte() {
        vendor.then(Script.hangUpAtOnce(false)).then(Script.hangUpAtOnce(true));

        assertThatThrownBy(() -> post(ASK).status()).isInstanceOf(UncheckedIOException.class);
        assertThatThrownBy(() -> post(ASK).status()).isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void drips() {
        vendor.then(Script.pieces(200, "text/plain").drip("abcdef", 2, Duration.ofMillis(20)));
        RawCall call = post(ASK);

        assertThat(call.readAll()).isEqualTo("abcdef");
        assertThat(call.reads()).hasSize(3);
    }

    @Test
    void makesAHugeEventOnTheFly() {
        vendor.then(Script.events().hugeEvent(20 << 20).send("data: [DONE]\n\n"));

        assertThat(post(STREAM).readAway()).isGreaterThan(20 << 20);
    }

    @Test
    void countsWhatTheSystemTook_whenTheCallerDoesNotRead() {
        vendor.then(Script.events().endless("data: " + "x".repeat(8_000) + "\n\n"));
        RawCall call = post(STREAM);
        VendorCall seen = vendor.nextCall();
        assertThat(call.status()).isEqualTo(200);

        long full = settled(seen);
        call.read();
        call.read();
        assertThat(full).isGreaterThan(64_000);
        for (int i = 0; i < 2_000; i++) {
            call.read();
        }
        await().atMost(Duration.ofSeconds(5)).until(() -> seen.accepted() > full);
        call.close();
    }

    private static long settled(VendorCall call) {
        long[] last = {-1};
        await().pollInterval(Duration.ofMillis(200))
                .atMost(Duration.ofSeconds(10))
                .until(() -> {
                    long before = last[0];
                    last[0] = call.accepted();
                    return last[0] == before;
                });
        return last[0];
    }

    @Test
    void canAnswerWhatIsNotHttp() {
        vendor.then(Script.raw("SSH-2.0-OpenSSH_9\r\n").hangUp());

        assertThatThrownBy(() -> post(ASK).status()).isInstanceOf(RuntimeException.class);
    }

    @Test
    void waitsBeforeTheStatusLine_untilToldToGo() {
        CompletableFuture<Void> go = new CompletableFuture<>();
        vendor.then(Script.json(200, "{}").lateUntil(go));
        RawCall call = post(ASK);
        assertThat(vendor.nextCall().accepted()).isZero();

        go.complete(null);

        assertThat(call.status()).isEqualTo(200);
    }
}
