package dev.sluice.vendor.vertex;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Json;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Vertex AI with a service account's key: the token it is traded for, kept, and renewed. */
@ExtendWith(NoLeaks.class)
class ServiceAccountTest {
    private static final KeyPair PAIR = pair();
    private static final String CHAT = "{\"model\":\"gemini-x\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    private static final String ANSWER =
            "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hello\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":1,\"totalTokenCount\":2}}";

    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();

    private static KeyPair pair() {
        try {
            return KeyPairGenerator.getInstance("RSA").generateKeyPair();
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void noChannels() {
        gateway.clearChannels();
    }

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    private void channel(String tokenUri) {
        String pem = "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(PAIR.getPrivate().getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
        String key =
                "{\n\"client_email\":\"me@p.iam\",\"private_key_id\":\"k1\",\"project_id\":\"p 1\",\"private_key\":"
                        + Json.quote(pem) + ",\"token_uri\":\"" + tokenUri + "\"\n}";
        gateway.channel(
                vendor,
                "{\"vendor\":\"vertex\",\"base_url\":\"" + vendor.url()
                        + "\",\"options\":{\"location\":\"global\"},\"keys\":[" + Json.quote(key) + "]}");
    }

    @Test
    void asksWithATokenThatItsKeyWasTradedFor_andKeepsIt() throws Exception {
        channel(vendor.url() + "/token");
        vendor.answers("{\"access_token\":\"ya29.one\",\"expires_in\":3599,\"token_type\":\"Bearer\"}");
        vendor.answers(ANSWER);
        vendor.answers(ANSWER);
        String key = gateway.token().key();

        gateway.call(key, CHAT).expect(200);
        gateway.call(key, CHAT).expect(200);

        VendorCall trade = vendor.nextCall();
        assertThat(trade.path()).isEqualTo("/token");
        String jwt = trade.text().replaceFirst(".*assertion=", "");
        String[] parts = jwt.split("\\.");
        JsonNode claims = Json.read(new String(Base64.getUrlDecoder().decode(parts[1]), UTF_8));
        assertThat(claims.path("iss").asString()).isEqualTo("me@p.iam");
        assertThat(claims.path("exp").asLong() - claims.path("iat").asLong()).isEqualTo(3600);
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initVerify(PAIR.getPublic());
        signature.update((parts[0] + "." + parts[1]).getBytes(UTF_8));
        assertThat(signature.verify(Base64.getUrlDecoder().decode(parts[2]))).isTrue();
        for (int i = 0; i < 2; i++) {
            VendorCall call = vendor.nextCall();
            assertThat(call.path())
                    .isEqualTo("/v1/projects/p%201/locations/global/publishers/google/models/gemini-x:generateContent");
            assertThat(call.headers().get("authorization")).isEqualTo("Bearer ya29.one");
        }
    }

    @Test
    void asksForANewToken_whenTheOldOneIsRefused() {
        channel(vendor.url() + "/token");
        vendor.answers("{\"access_token\":\"one\",\"expires_in\":3599}");
        vendor.then(Script.json(401, "{\"error\":{\"code\":401,\"status\":\"UNAUTHENTICATED\"}}"));
        String key = gateway.token().key();
        gateway.call(key, CHAT).expect(502);

        gateway.clearChannels();
        channel(vendor.url() + "/token");
        vendor.answers("{\"access_token\":\"two\",\"expires_in\":3599}");
        vendor.answers(ANSWER);
        gateway.call(key, CHAT).expect(200);

        assertThat(vendor.calls().getLast().headers().get("authorization")).isEqualTo("Bearer two");
    }

    @Test
    void sendsTheKeyToNobodyButGoogle() {
        channel("http://elsewhere.example/token");

        gateway.call(gateway.token().key(), CHAT).expect(502);

        assertThat(vendor.calls()).isEmpty();
    }
}
