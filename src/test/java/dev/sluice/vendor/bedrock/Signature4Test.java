package dev.sluice.vendor.bedrock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.AwsSessionCredentialsIdentity;

/** Our signature is the one that AWS's own SDK makes of the same request. */
class Signature4Test {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-24T12:34:56Z"), ZoneOffset.UTC);

    @ParameterizedTest
    @CsvSource({
        "POST, https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-v1%3A0/converse, {\"a\":1}, ''",
        "POST, https://bedrock-runtime.us-east-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Ax%2Fy/converse-stream, {}, session/token+=",
        "GET, https://bedrock.us-east-1.amazonaws.com/foundation-models, '', ''",
        "POST, http://127.0.0.1:4711/model/m/converse, é, ''",
    })
    void signsAsAwsDoes(String method, String url, String body, String session) {
        byte[] bytes = body.getBytes(UTF_8);
        Map<String, String> ours = new Signature4(
                        "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", session.isEmpty() ? null : session, "us-east-1", CLOCK)
                .signed(method, URI.create(url), bytes);

        assertThat(ours.get("authorization")).isEqualTo(theirs(method, url, bytes, session));
        assertThat(ours.get("x-amz-date")).isEqualTo("20261124T123456Z");
    }

    private static String theirs(String method, String url, byte[] body, String session) {
        AwsCredentialsIdentity key = session.isEmpty()
                ? AwsCredentialsIdentity.create("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG")
                : AwsSessionCredentialsIdentity.create("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", session);
        SdkHttpRequest request = SdkHttpRequest.builder()
                .method(SdkHttpMethod.fromValue(method))
                .uri(URI.create(url))
                .build();
        List<String> authorization = AwsV4HttpSigner.create()
                .sign(signing -> signing.identity(key)
                        .request(request)
                        .payload(ContentStreamProvider.fromByteArray(body))
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "bedrock")
                        .putProperty(AwsV4HttpSigner.REGION_NAME, "us-east-1")
                        .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, true)
                        .putProperty(HttpSigner.SIGNING_CLOCK, CLOCK))
                .request()
                .headers()
                .get("Authorization");
        return authorization.getFirst();
    }
}
