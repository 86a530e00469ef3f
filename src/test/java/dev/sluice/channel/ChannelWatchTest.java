package dev.sluice.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What becomes of a channel that no call asks, and who hears of it. */
class ChannelWatchTest {
    private static final String HELLO =
            "{\"model\":\"watched\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    private static ScriptedVendor receiver;
    private static Gateway gateway;

    @BeforeAll
    static void start() {
        receiver = ScriptedVendor.start();
        receiver.always(Script.json(200, "{}"));
        gateway = Gateway.start(
                "SLUICE_PROBE_INTERVAL=100ms",
                "SLUICE_WEBHOOK_URL=" + receiver.url() + "/hook",
                "SLUICE_WEBHOOK_SECRET=" + Gateway.WEBHOOK_SECRET);
    }

    @AfterAll
    static void stop() {
        gateway.close();
        receiver.close();
    }

    private static JsonNode health(long id) {
        return gateway.api("GET", "/channels/" + id, null).expect(200).json().path("health");
    }

    private static List<String> told(long id) {
        List<String> types = new ArrayList<>();
        for (VendorCall call : receiver.calls()) {
            if (call.json().path("data").path("id").asLong() == id) {
                types.add(call.json().path("type").asString());
            }
        }
        return types;
    }

    @Test
    void aChannelWhoseKeysAreRefusedIsOff_andComesBackByItself_andBothAreTold() {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            vendor.always(Script.json(401, "{}"));
            long id = gateway.channel(vendor, "{\"models\":[\"watched\"]}")
                    .path("id")
                    .asLong();
            gateway.call(gateway.token().key(), HELLO).expect(502);

            JsonNode off = health(id);
            assertThat(off.path("state").asString()).isEqualTo("off");
            assertThat(off.path("reason").asString()).isEqualTo("key_refused");
            assertThat(off.path("by_key").path(0).path("state").asString()).isEqualTo("off");
            assertThat(off.path("error_rate").asDouble()).isEqualTo(1);
            await().atMost(Duration.ofSeconds(3)).until(() -> told(id).equals(List.of("channel.down")));

            vendor.always(Script.json(200, "{\"data\":[]}"));
            await().atMost(Duration.ofSeconds(3))
                    .until(() -> health(id).path("state").asString().equals("ok"));
            await().atMost(Duration.ofSeconds(3)).until(() -> told(id).equals(List.of("channel.down", "channel.up")));
        } finally {
            gateway.clearChannels();
        }
    }

    @Test
    void aListThatPromisesTooMuchIsNotBelievedTwice() {
        AtomicInteger lists = new AtomicInteger();
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            vendor.always(Script.json(402, "{}"));
            long id = gateway.channel(vendor, "{\"models\":[\"watched\"]}")
                    .path("id")
                    .asLong();
            String key = gateway.token().key();
            gateway.call(key, HELLO).expect(502);
            ScriptedVendor listing = vendor;
            listing.forKey("sk-vendor-key-1").always(call -> {
                boolean list = call.method().equals("GET");
                lists.addAndGet(list ? 1 : 0);
                return Script.json(list ? 200 : 402, "{}");
            });
            await().atMost(Duration.ofSeconds(3))
                    .until(() -> health(id).path("state").asString().equals("ok"));
            gateway.call(key, HELLO).expect(502);
            int before = lists.get();

            assertThat(health(id).path("state").asString()).isEqualTo("off");
            await().during(Duration.ofMillis(1_200))
                    .atMost(Duration.ofSeconds(3))
                    .until(() -> lists.get() == before);
        } finally {
            gateway.clearChannels();
        }
    }
}
