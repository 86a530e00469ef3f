package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SignInTest {
    private static Gateway gateway;

    @BeforeAll
    static void start() {
        gateway = Gateway.shared(Databases.H2);
    }

    private static Answer signsIn(String name, String password, String from) {
        return Someone.nobody(gateway).with("X-Forwarded-For", from).asks("POST", "/session", """
                {"username": "%s", "password": "%s"}""".formatted(
                        name, password));
    }

    private static String cookie(Answer answer) {
        return answer.headers().allValues("Set-Cookie").stream()
                .filter(each -> each.startsWith("sluice_session="))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void rootSignsInWithTheGeneratedPassword() throws IOException {
        String password =
                Files.readString(gateway.dataDir().resolve("root-password")).strip();
        assertThat(password).matches("[0-9A-Za-z]{24}");
        Answer answer = signsIn("root", password, "192.0.2.1").expect(201);
        assertThat(answer.json().path("role").asString()).isEqualTo("root");
        assertThat(cookie(answer))
                .contains("HttpOnly")
                .contains("SameSite=")
                .contains("Path=/")
                .doesNotContain("Secure");
    }

    @Test
    void theCookieIsSecureWhereTheProxySaysTls() {
        Someone.made(gateway, "user");
        Answer answer = Someone.nobody(gateway)
                .with("X-Forwarded-Proto", "https")
                .asks(
                        "POST",
                        "/session",
                        "{\"username\":\"" + name("tls") + "\",\"password\":\"" + Someone.PASSWORD + "\"}")
                .expect(201);
        assertThat(cookie(answer)).contains("Secure");
    }

    private static String name(String name) {
        gateway.api("POST", "/users", "{\"username\":\"" + name + "\",\"password\":\"" + Someone.PASSWORD + "\"}")
                .expect(201);
        return name;
    }

    @Test
    void aWrongNameAndAWrongPasswordLookTheSame() {
        String name = name("lookalike");
        Answer password = signsIn(name, "wrong password", "192.0.2.2").expect(401);
        Answer user = signsIn("nobody-here", "wrong password", "192.0.2.2").expect(401);
        assertThat(password.body()).isEqualTo(user.body());
        assertThat(password.headers().allValues("Set-Cookie")).noneMatch(each -> each.startsWith("sluice_session"));
    }

    @Test
    void aDisabledUserDoesNotSignIn_andIsOutAtOnce() {
        Someone user = Someone.made(gateway, "user");
        gateway.api("PATCH", "/users/" + user.id(), "{\"enabled\":false}").expect(200);
        user.gets("/session").expect(401);
    }

    @Test
    void guessingIsSlowedDown_byName() {
        String name = name("guessed");
        for (int i = 0; i < 10; i++) {
            signsIn(name, "wrong password", "198.51.100." + i).expect(401);
        }
        Answer answer = signsIn(name, Someone.PASSWORD, "198.51.100.99").expect(429);
        assertThat(Integer.parseInt(String.valueOf(answer.header("Retry-After"))))
                .isBetween(1, 300);
    }

    @Test
    void aSessionChangesThings_onlyWithTheHeaderAgainstForgery() {
        Someone someone = Someone.signedIn(gateway, name("careful"), Someone.PASSWORD, 0);
        someone.gets("/tokens").expect(200);
        someone.without("X-XSRF-TOKEN")
                .asks("POST", "/tokens", "{\"name\":\"x\"}")
                .expect(403);
        someone.with("X-XSRF-TOKEN", "guess")
                .asks("POST", "/tokens", "{\"name\":\"x\"}")
                .expect(403);
        someone.asks("POST", "/tokens", "{\"name\":\"x\"}").expect(201);
        someone.without("X-XSRF-TOKEN").asks("DELETE", "/session", null).expect(403);
    }

    @Test
    void signingOutEndsTheSession() {
        Someone someone = Someone.signedIn(gateway, name("leaver"), Someone.PASSWORD, 0);
        Answer out = someone.asks("DELETE", "/session", null).expect(204);
        assertThat(cookie(out)).contains("Max-Age=0");
        someone.gets("/session").expect(401);
    }

    @Test
    void signingInAgainReplacesTheSession() {
        String name = name("again");
        Someone first = Someone.signedIn(gateway, name, Someone.PASSWORD, 0);
        first.asks("POST", "/session", "{\"username\":\"" + name + "\",\"password\":\"" + Someone.PASSWORD + "\"}")
                .expect(201);
        first.gets("/session").expect(401);
    }

    @Test
    void aNewPasswordEndsTheOtherSessions_notTheOneThatChoseIt() {
        String name = name("chooser");
        Someone one = Someone.signedIn(gateway, name, Someone.PASSWORD, 0);
        Someone other = Someone.signedIn(gateway, name, Someone.PASSWORD, 0);
        long id = one.reads("/session").path("id").asLong();
        one.asks("PATCH", "/users/" + id, "{\"password\":\"another password\"}").expect(200);
        one.gets("/session").expect(200);
        other.gets("/session").expect(401);
        signsIn(name, Someone.PASSWORD, "192.0.2.3").expect(401);
        signsIn(name, "another password", "192.0.2.3").expect(201);
    }

    @Test
    void aSessionIdThatIsMadeUpIsNobodys() {
        for (String id : List.of("x", "ses-000000000000000000000000000000000000000000000000")) {
            new Someone(gateway, 0, Map.of("Cookie", "sluice_session=" + id))
                    .gets("/session")
                    .expect(401);
        }
    }
}
