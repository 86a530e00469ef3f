package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.wire.Objection;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What goes wrong is told by the right status, as RFC 9457 says, and without the gateway's insides. */
class ProblemsTest {
    private final Gateway gateway = Gateway.shared();
    private final Someone root = Someone.root(gateway);

    private static Answer problem(Answer answer, int status) {
        answer.expect(status);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.json().path("status").asInt()).isEqualTo(status);
        assertThat(answer.json().path("title").asString()).isNotEmpty();
        assertThat(answer.json().path("detail").asString()).isNotEmpty();
        assertThat(Arrays.stream(Objection.values()).map(each -> each.label))
                .contains(answer.json().path("code").asString());
        assertThat(answer.body())
                .doesNotContain("Exception")
                .doesNotContain("springframework")
                .doesNotContain("\"trace\"")
                .doesNotContain("timestamp");
        return answer;
    }

    @Test
    void nobodyIsToldHowToSignIn() {
        Answer answer = problem(Someone.nobody(gateway).gets("/tokens"), 401);
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
        for (String wrong : List.of("Bearer ", "Bearer x", "Bearer sat-0", "Basic cm9vdDpyb290", "nonsense")) {
            problem(new Someone(gateway, 0, Map.of("Authorization", wrong)).gets("/tokens"), 401);
        }
        problem(Someone.nobody(gateway).asks("POST", "/tokens", "{}"), 401);
        problem(Someone.nobody(gateway).gets("/nothing"), 401);
    }

    @Test
    void unknownPathsAndThings() {
        problem(root.gets("/nothing"), 404);
        problem(root.gets("/tokens/1/nothing"), 404);
        problem(root.gets("/tokens/999999999"), 404);
        problem(root.gets("/tokens/x"), 404);
        problem(root.gets("/tokens/99999999999999999999999"), 404);
        problem(root.gets("/calls/nothing"), 404);
        problem(root.gets("/vendors/nobody"), 404);
        problem(root.asks("PATCH", "/channels/999999999", "{}"), 404);
        problem(root.asks("DELETE", "/channels/999999999", null), 404);
        problem(root.asks("POST", "/channels/999999999/test", "{}"), 404);
    }

    @Test
    void eachWrongFieldIsToldWithItsRule() {
        Answer answer = problem(root.asks("POST", "/tokens", "{\"limits\":{\"rpm\":0},\"colour\":1}"), 400);
        assertThat(answer.json().path("code").asString()).isEqualTo("wrong_fields");
        assertThat(answer.json().path("errors").toString())
                .contains("{\"field\":\"limits.rpm\",\"message\":\"0 (expected: a whole number >= 1)\","
                        + "\"rule\":\"whole_at_least\",\"values\":[1]}")
                .contains("\"rule\":\"name\",\"values\":[100]")
                .contains("\"rule\":\"known\",\"values\":[]");
    }

    @Test
    void wrongMethods() {
        Answer answer = problem(root.asks("PUT", "/tokens", "{}"), 405);
        assertThat(answer.header("Allow")).contains("GET").contains("POST");
        problem(root.asks("POST", "/calls", "{}"), 405);
    }

    @Test
    void bodiesThatAreNone() {
        for (String body : List.of("", "{", "[]", "null", "\"x\"", "{} {}", "{\"name\": 1e}", "<xml/>")) {
            problem(root.asks("POST", "/tokens", body), 400);
        }
        problem(root.asks("POST", "/tokens", "{\"name\":" + "[".repeat(2_000)), 400);
    }

    @Test
    void bodiesOfAnotherKind() {
        problem(root.with("Content-Type", "text/plain").asks("POST", "/tokens", "{\"name\":\"x\"}"), 415);
        problem(root.with("Content-Type", "text/plain").asks("POST", "/session", "{}"), 415);
    }

    @Test
    void bodiesThatAreTooLarge() {
        problem(root.asks("POST", "/tokens", "{\"name\":\"" + "x".repeat(1_100_000) + "\"}"), 413);
        assertThat(root.asks("POST", "/tokens", "{\"name\":\"" + "x".repeat(900_000) + "\"}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void answersThatCannotBeMade() {
        problem(root.with("Accept", "image/png").gets("/calls"), 406);
    }

    @Test
    void carriesTheHeadersOfAPageThatIsSafeToShow() {
        Answer answer = root.gets("/tokens");
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
        assertThat(answer.header("Referrer-Policy")).isEqualTo("no-referrer");
        assertThat(answer.header("Content-Security-Policy"))
                .contains("default-src 'self'")
                .doesNotContain("unsafe");
        assertThat(answer.header("Cache-Control")).contains("no-store");
    }

    @Test
    void isOfOneOriginAlone() {
        Answer answer = root.with("Origin", "https://elsewhere.example").gets("/tokens");
        assertThat(answer.header("Access-Control-Allow-Origin")).isNull();
        Answer preflight = Someone.nobody(gateway)
                .with("Origin", "https://elsewhere.example")
                .with("Access-Control-Request-Method", "POST")
                .asks("OPTIONS", "/tokens", null);
        assertThat(preflight.header("Access-Control-Allow-Origin")).isNull();
    }

    @Test
    void theManagementEndpointsAreNotHere() {
        assertThat(gateway.send("GET", "/actuator/health", Map.of(), null).status())
                .isEqualTo(404);
    }
}
