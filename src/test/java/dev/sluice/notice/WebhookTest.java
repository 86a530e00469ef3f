package dev.sluice.notice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WebhookTest {
    private static final byte[] SECRET = "0123456789abcdef".getBytes(StandardCharsets.UTF_8);

    private static ScriptedVendor receiver;
    private static Gateway gateway;

    @BeforeAll
    static void start() {
        receiver = Gateway.receiver();
        gateway = Gateway.shared(Databases.H2);
    }

    @BeforeEach
    void forget() {
        receiver.clear();
        receiver.always(Script.json(200, "{}"));
    }

    private static void tells(String type) {
        gateway.bean(Notices.class).tell(type, "It happened – ü.", Map.of("number", 7));
    }

    @Test
    void aNoticeIsPosted_signedAsStandardWebhooksAre() throws Exception {
        tells("test.signed");
        VendorCall call = receiver.nextCall();
        assertThat(call.method()).isEqualTo("POST");
        assertThat(call.uri()).isEqualTo("/hook");
        assertThat(call.headers().get("content-type")).isEqualTo("application/json");
        assertThat(call.json().path("type").asString()).isEqualTo("test.signed");
        assertThat(call.json().path("message").asString()).isEqualTo("It happened – ü.");
        assertThat(call.json().path("data").path("number").asInt()).isEqualTo(7);
        String id = call.headers().get("webhook-id");
        String time = call.headers().get("webhook-timestamp");
        assertThat(id).isEqualTo(call.json().path("id").asString());
        assertThat(Long.parseLong(time))
                .isBetween(System.currentTimeMillis() / 1000 - 60, System.currentTimeMillis() / 1000 + 1);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
        byte[] right = mac.doFinal((id + "." + time + "." + call.text()).getBytes(StandardCharsets.UTF_8));
        assertThat(call.headers().get("webhook-signature"))
                .isEqualTo("v1," + Base64.getEncoder().encodeToString(right));
    }

    @Test
    void aReceiverThatIsDownIsTriedAgain_withTheSameId() {
        receiver.refuses(503, "{}").refuses(500, "{}");
        tells("test.again");
        String id = receiver.nextCall().headers().get("webhook-id");
        assertThat(List.of(receiver.nextCall(), receiver.nextCall()))
                .allMatch(call -> id.equals(call.headers().get("webhook-id")));
    }

    @Test
    void aReceiverThatDoesNotWantItIsNotAskedAgain() throws InterruptedException {
        receiver.refuses(410, "{}");
        tells("test.gone");
        receiver.nextCall();
        Thread.sleep(2_500); // the first pause is a second, give or take half of it
        assertThat(receiver.calls()).hasSize(1);
    }

    @Test
    void whoTellsNeverWaits_howeverManyWait() {
        receiver.always(Script.json(503, "{}"));
        long begun = System.nanoTime();
        for (int i = 0; i < 3_000; i++) {
            tells("test.flood");
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
        receiver.always(Script.json(200, "{}"));
        await().atMost(Duration.ofSeconds(50)).until(() -> receiver.calls().size() >= 1_000);
    }
}
