package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.ScriptedVendor;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What Prometheus reads. */
class MetricsTest {
    private static final String HELLO =
            "{\"model\":\"metered\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}";

    private final Gateway gateway = Gateway.shared();

    @Test
    void forgetsAChannel_thatIsGone() throws Exception {
        try (ScriptedVendor vendor = ScriptedVendor.start();
                HttpClient http = HttpClient.newHttpClient()) {
            gateway.clearChannels();
            String id = gateway.channel(vendor, "{\"models\":[\"metered\"]}")
                    .path("id")
                    .toString();
            vendor.alwaysAnswersChats();
            gateway.call(gateway.token().key(), HELLO).expect(200);
            String counter = "sluice_attempts_total{channel=\"" + id + "\",outcome=\"success\"} 1.0";
            assertThat(scraped(http)).contains(counter);

            gateway.api("DELETE", "/channels/" + id, null).expect(204);

            await().atMost(Duration.ofSeconds(20)).until(() -> !scraped(http).contains("channel=\"" + id + "\""));
        }
    }

    private String scraped(HttpClient http) throws IOException, InterruptedException {
        URI page = URI.create("http://127.0.0.1:" + gateway.managementPort() + "/actuator/prometheus");
        return http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
