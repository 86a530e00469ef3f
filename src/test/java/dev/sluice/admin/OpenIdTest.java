package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.StubProvider;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Signing in at an OpenID provider, with a browser that keeps its cookies. */
class OpenIdTest {
    private static StubProvider provider;
    private static Gateway gateway;

    /** A browser that goes where it is sent, step by step. */
    private static final class Browser {
        private final Map<String, String> cookies = new HashMap<>();

        Answer goes(String path) {
            Answer answer = gateway.send("GET", path, Map.of("Cookie", cookie()), null);
            for (String cookie : answer.headers().allValues("Set-Cookie")) {
                String[] pair = cookie.split(";")[0].split("=", 2);
                cookies.put(pair[0], pair[1]);
            }
            return answer;
        }

        String cookie() {
            List<String> pairs = cookies.entrySet().stream()
                    .map(cookie -> cookie.getKey() + "=" + cookie.getValue())
                    .toList();
            return pairs.isEmpty() ? "none=none" : String.join("; ", pairs);
        }

        /** To the provider and back: the path that it sends back to. */
        String atTheProvider() {
            return back(String.valueOf(goes("/api/oidc/login").expect(302).header("Location")));
        }

        /** Where the gateway sends it at the end. */
        String signsIn() {
            return String.valueOf(goes(atTheProvider()).expect(302).header("Location"));
        }

        boolean isSignedIn() {
            return goes("/api/session").status() == 200;
        }
    }

    private static String back(String url) {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<Void> answer =
                    http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.discarding());
            URI there = URI.create(answer.headers().firstValue("Location").orElseThrow());
            assertThat(there.toString()).startsWith("https://gateway.example/api/oidc/callback?");
            return there.getRawPath() + "?" + there.getRawQuery();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Gateway gateway(Path directory, String... more) {
        return Gateway.startIn(
                directory,
                java.util.stream.Stream.concat(
                                java.util.stream.Stream.of(
                                        "SLUICE_OIDC_ISSUER=" + provider.issuer(),
                                        "SLUICE_OIDC_CLIENT_ID=" + StubProvider.CLIENT,
                                        "SLUICE_OIDC_CLIENT_SECRET=" + StubProvider.SECRET,
                                        "SLUICE_PUBLIC_URL=https://gateway.example/",
                                        "SLUICE_TRUSTED_PROXIES=127.0.0.1"),
                                java.util.Arrays.stream(more))
                        .toArray(String[]::new));
    }

    @BeforeAll
    static void start(@TempDir Path directory) {
        provider = StubProvider.start();
        gateway = gateway(directory, "SLUICE_OIDC_NAME=Example", "SLUICE_OIDC_CREATE_USERS=true");
    }

    @AfterAll
    static void stop() {
        gateway.close();
        provider.close();
    }

    @Test
    void whoComesFirstBecomesAUser_andIsTheSameOneLater() {
        provider.is("ann-1", "Ann Smith");
        Browser first = new Browser();
        assertThat(first.signsIn()).isEqualTo("/#/overview?oidc=in");
        JsonNode ann = first.goes("/api/session").expect(200).json();
        assertThat(ann.path("username").asString()).isEqualTo("Ann-Smith");
        assertThat(ann.path("role").asString()).isEqualTo("user");
        assertThat(ann.path("quota_usd").asInt(-1)).isZero();
        provider.is("ann-1", "Ann Jones");
        Browser second = new Browser();
        second.signsIn();
        assertThat(second.goes("/api/session").expect(200).json().path("id")).isEqualTo(ann.path("id"));
        provider.is("ann-2", "Ann Smith"); // of the same name is not the same
        Browser other = new Browser();
        other.signsIn();
        assertThat(other.goes("/api/session")
                        .expect(200)
                        .json()
                        .path("username")
                        .asString())
                .isEqualTo("Ann-Smith-2");
    }

    @Test
    void aNameAtTheProviderIsNobodyHere() {
        provider.is("somebody", "root");
        Browser browser = new Browser();
        browser.signsIn();
        assertThat(browser.goes("/api/session").expect(200).json().path("role").asString())
                .isEqualTo("user");
    }

    @Test
    void theCookieIsOutOfReach_andSecureBehindTls() {
        provider.is("tls", "tls");
        Answer departure = gateway.send("GET", "/api/oidc/login", Map.of("X-Forwarded-Proto", "https"), null);
        assertThat(departure.headers().allValues("Set-Cookie"))
                .anySatisfy(cookie -> assertThat(cookie)
                        .startsWith("sluice_oidc=v1:")
                        .contains("HttpOnly")
                        .contains("SameSite=Lax")
                        .contains("Path=/api/oidc")
                        .contains("Secure"));
        assertThat(departure.header("Location"))
                .contains("code_challenge_method=S256")
                .contains("redirect_uri=https%3A%2F%2Fgateway.example%2Fapi%2Foidc%2Fcallback")
                .doesNotContain(StubProvider.SECRET);
    }

    private static void isNotBelieved(UnaryOperator<Map<String, Object>> bending) {
        provider.is("liar", "liar").bends(bending);
        Browser browser = new Browser();
        assertThat(browser.signsIn()).isEqualTo("/#/overview?oidc=provider");
        assertThat(browser.isSignedIn()).isFalse();
    }

    private static UnaryOperator<Map<String, Object>> with(String claim, Object value) {
        return claims -> {
            claims.put(claim, value);
            return claims;
        };
    }

    private static UnaryOperator<Map<String, Object>> without(String claim) {
        return claims -> {
            claims.remove(claim);
            return claims;
        };
    }

    @Test
    void aTokenForSomethingElseIsNotBelieved() {
        long now = System.currentTimeMillis() / 1000;
        isNotBelieved(with("nonce", "another"));
        isNotBelieved(without("nonce"));
        isNotBelieved(with("aud", "another-client"));
        isNotBelieved(with("aud", List.of(StubProvider.CLIENT, "another-client")));
        isNotBelieved(with("azp", "another-client"));
        isNotBelieved(with("iss", "https://another.example"));
        isNotBelieved(with("exp", now - 3600));
        isNotBelieved(without("exp"));
        isNotBelieved(without("sub"));
    }

    @Test
    void aTokenThatItsKeyDidNotSignIsNotBelieved() {
        for (String algorithm : List.of("none", "HS256")) {
            provider.is("forger", "forger").signsBy(algorithm);
            assertThat(new Browser().signsIn()).as(algorithm).isEqualTo("/#/overview?oidc=provider");
        }
        provider.is("forger", "forger").signsWithAStrangeKey();
        assertThat(new Browser().signsIn()).isEqualTo("/#/overview?oidc=provider");
    }

    @Test
    void comingBackCountsOnce_andOnlyInTheBrowserThatLeft() {
        provider.is("once", "once");
        Browser browser = new Browser();
        String back = browser.atTheProvider();
        String journey = browser.cookies.get("sluice_oidc");
        assertThat(new Browser().goes(back).expect(302).header("Location")).isEqualTo("/#/overview?oidc=state");
        Browser another = new Browser();
        another.atTheProvider();
        assertThat(another.goes(back).expect(302).header("Location")).isEqualTo("/#/overview?oidc=state");
        assertThat(browser.goes(back).header("Location")).isEqualTo("/#/overview?oidc=in");
        assertThat(browser.goes(back).header("Location")).isEqualTo("/#/overview?oidc=state");
        browser.cookies.put("sluice_oidc", journey);
        assertThat(browser.goes(back).header("Location")).isEqualTo("/#/overview?oidc=state");
        browser.cookies.put("sluice_oidc", "v1:00000000:AAAA");
        assertThat(browser.goes(back).header("Location")).isEqualTo("/#/overview?oidc=state");
    }

    @Test
    void whoSaidNoThereIsNotIn() {
        Browser browser = new Browser();
        String url = String.valueOf(browser.goes("/api/oidc/login").header("Location"));
        String state = url.replaceFirst(".*[?&]state=([^&]+).*", "$1");
        assertThat(browser.goes("/api/oidc/callback?error=access_denied&state=" + state)
                        .header("Location"))
                .isEqualTo("/#/overview?oidc=denied");
        assertThat(browser.isSignedIn()).isFalse();
    }

    @Test
    void aCodeThatTheProviderDoesNotKnowSignsNobodyIn() {
        Browser browser = new Browser();
        String back = browser.atTheProvider().replaceFirst("code=[^&]+", "code=" + UUID.randomUUID());
        assertThat(browser.goes(back).header("Location")).isEqualTo("/#/overview?oidc=provider");
    }

    @Test
    void signingInReplacesTheSession_andADisabledUserIsNotIn() {
        provider.is("switcher", "switcher");
        Browser browser = new Browser();
        browser.signsIn();
        Browser copy = new Browser();
        copy.cookies.putAll(browser.cookies);
        long id = browser.goes("/api/session").json().path("id").asLong();
        browser.signsIn();
        assertThat(browser.isSignedIn()).isTrue();
        assertThat(copy.isSignedIn()).isFalse();
        gateway.api("PATCH", "/users/" + id, "{\"enabled\":false}").expect(200);
        assertThat(new Browser().signsIn()).isEqualTo("/#/overview?oidc=disabled_user");
    }

    @Test
    void aUserMakesItselfKnownAtTheProvider_andSignsInSoUntilItDoesNotWantTo() {
        Someone user = Someone.signedInAs(gateway, "linked");
        provider.is("linked-1", "whoever");
        Answer departure = user.asks("POST", "/oidc/link", null).expect(200);
        String journey = departure.headers().allValues("Set-Cookie").stream()
                .filter(cookie -> cookie.startsWith("sluice_oidc="))
                .findFirst()
                .orElseThrow()
                .split(";")[0];
        String back = back(departure.json().path("url").asString());
        Answer stranger = gateway.send("GET", back, Map.of("Cookie", journey), null);
        assertThat(stranger.header("Location")).isEqualTo("/#/profile?oidc=not_linked");
        Answer arrival = gateway.send(
                "GET", back, Map.of("Cookie", journey + "; " + user.headers().get("Cookie")), null);
        assertThat(arrival.header("Location")).isEqualTo("/#/profile?oidc=linked");
        assertThat(user.reads("/oidc/link").path("linked").asBoolean()).isTrue();
        Browser browser = new Browser();
        browser.signsIn();
        assertThat(browser.goes("/api/session").json().path("username").asString())
                .isEqualTo("linked");
        user.asks("DELETE", "/oidc/link", null).expect(204);
        Browser later = new Browser();
        later.signsIn();
        assertThat(later.goes("/api/session").json().path("username").asString())
                .isEqualTo("whoever");
    }

    @Test
    void theOfferIsForEverybody_andHasNoSecret() {
        Answer offer = Someone.nobody(gateway).gets("/oidc").expect(200);
        assertThat(offer.json().path("enabled").asBoolean()).isTrue();
        assertThat(offer.json().path("name").asString()).isEqualTo("Example");
        assertThat(offer.json().propertyNames()).containsExactlyInAnyOrder("enabled", "name");
    }

    @Test
    void withoutTheSettingsThereIsNothing() {
        Someone nobody = Someone.nobody(Gateway.shared(Databases.H2));
        assertThat(nobody.reads("/oidc").path("enabled").asBoolean(true)).isFalse();
        nobody.gets("/oidc/login").expect(404);
        nobody.gets("/oidc/callback?code=x&state=y").expect(404);
    }

    @Test
    void strangersStayOut_unlessTheSettingMakesThemUsers(@TempDir Path directory) {
        Gateway before = gateway;
        try (Gateway strict = gateway(directory)) {
            gateway = strict;
            provider.is("stranger", "stranger");
            assertThat(new Browser().signsIn()).isEqualTo("/#/overview?oidc=unknown_user");
        } finally {
            gateway = before;
        }
    }

    @Test
    void halfOfTheSettingsStopTheStart_inOneSentence(@TempDir Path directory) {
        assertThatThrownBy(() -> Gateway.startIn(directory, "SLUICE_OIDC_ISSUER=https://idp.example")
                        .close())
                .hasStackTraceContaining("SLUICE_PUBLIC_URL is ''");
        assertThatThrownBy(() -> Gateway.startIn(
                                directory,
                                "SLUICE_OIDC_ISSUER=https://idp.example",
                                "SLUICE_PUBLIC_URL=https://gateway.example")
                        .close())
                .hasStackTraceContaining("SLUICE_OIDC_CLIENT_ID is not set");
    }
}
