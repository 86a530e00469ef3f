package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Json;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What models a vendor of each kind lists, as its channel's operator is shown them. */
@ExtendWith(NoLeaks.class)
class ModelListsTest {
    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();

    @BeforeEach
    void noChannels() {
        gateway.clearChannels();
    }

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    private List<String> listed(String channel) {
        long id = gateway.channel(vendor, channel).path("id").asLong();
        JsonNode names = gateway.api("POST", "/channels/" + id + "/models", null)
                .expect(200)
                .json()
                .path("models");
        return StreamSupport.stream(names.spliterator(), false)
                .map(JsonNode::asString)
                .toList();
    }

    private String key() throws GeneralSecurityException {
        String pem = "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder()
                        .encodeToString(KeyPairGenerator.getInstance("RSA")
                                .generateKeyPair()
                                .getPrivate()
                                .getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
        return Json.quote(
                "{\"client_email\":\"me@p.iam\",\"private_key_id\":\"k\",\"project_id\":\"p\",\"private_key\":"
                        + Json.quote(pem) + ",\"token_uri\":\"" + vendor.url() + "/token\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "openai-compatible|/v1/models|{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}",
                "together|/v1/models|[{\"id\":\"a\"},{\"id\":\"b\"}]",
                "anthropic|/v1/models|{\"data\":[{\"type\":\"model\",\"id\":\"a\"},{\"type\":\"model\",\"id\":\"b\"}],\"has_more\":false}",
                "gemini|/v1beta/models|{\"models\":[{\"name\":\"models/a\"},{\"name\":\"models/b\"}]}",
                "bedrock|/foundation-models|{\"modelSummaries\":[{\"modelId\":\"a\"},{\"modelId\":\"b\"}]}",
                "cohere|/v1/models|{\"models\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
                "ollama-native|/api/tags|{\"models\":[{\"name\":\"a\",\"model\":\"a\"},{\"name\":\"b\"}]}",
                "vertex|/v1beta1/publishers/google/models|{\"publisherModels\":[{\"name\":\"publishers/google/models/a\",\"versionId\":\"001\"},{\"name\":\"publishers/google/models/b\"}]}",
            })
    void listsThem(String kind, String path, String answer) {
        vendor.then(Script.json(200, answer));

        assertThat(listed("{\"vendor\":\"" + kind + "\",\"base_url\":\"" + vendor.url() + "\",\"keys\":[\"id:key\"]}"))
                .containsExactly("a", "b");

        VendorCall call = vendor.nextCall();
        assertThat(call.method()).isEqualTo("GET");
        assertThat(call.path()).isEqualTo(path);
    }

    @Test
    void listsBothOfVertexsPublishers_pageByPage() throws GeneralSecurityException {
        vendor.then(Script.json(200, "{\"access_token\":\"t1\",\"expires_in\":3599}"));
        vendor.then(Script.json(
                200,
                "{\"publisherModels\":[{\"name\":\"publishers/google/models/gemini-x\"}],\"nextPageToken\":\"a+b\"}"));
        vendor.then(Script.json(200, "{\"publisherModels\":[{\"name\":\"publishers/google/models/gemini-y\"}]}"));
        vendor.then(
                Script.json(
                        200,
                        "{\"publisherModels\":[{\"name\":\"publishers/anthropic/models/claude-x\",\"versionId\":\"20250929\"}]}"));

        assertThat(listed("{\"vendor\":\"vertex\",\"base_url\":\"" + vendor.url() + "\",\"keys\":[" + key() + "]}"))
                .containsExactly("gemini-x", "gemini-y", "claude-x@20250929");

        assertThat(vendor.nextCall().path()).isEqualTo("/token");
        VendorCall google = vendor.nextCall();
        assertThat(google.headers().get("authorization")).isEqualTo("Bearer t1");
        assertThat(vendor.nextCall().uri()).endsWith("?pageSize=100&pageToken=a%2Bb");
        assertThat(vendor.nextCall().path()).isEqualTo("/v1beta1/publishers/anthropic/models");
    }

    @Test
    void listsOnePublisher_whereTheOtherIsForbidden() throws GeneralSecurityException {
        vendor.then(Script.json(200, "{\"access_token\":\"t1\",\"expires_in\":3599}"));
        vendor.then(Script.json(403, "{\"error\":{\"code\":403,\"message\":\"no\"}}"));
        vendor.then(Script.json(200, "{\"publisherModels\":[{\"name\":\"publishers/anthropic/models/claude-y\"}]}"));

        assertThat(listed("{\"vendor\":\"vertex\",\"base_url\":\"" + vendor.url() + "\",\"keys\":[" + key() + "]}"))
                .containsExactly("claude-y");
    }
}
