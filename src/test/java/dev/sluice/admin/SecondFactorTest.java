package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Authenticator;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** The second factor of a sign-in, from making an app known to doing without it. */
class SecondFactorTest {
    private static final AtomicInteger count = new AtomicInteger();

    private static Gateway gateway;

    /** A user with the factor on, whose app has shown the code of now. */
    private record Careful(Someone someone, String name, Authenticator app, List<String> recoveryCodes) {
        static Careful made(Gateway gateway) {
            String name = "careful" + count.incrementAndGet();
            long id = Someone.root(gateway)
                    .asks("POST", "/users", "{\"username\":\"" + name + "\",\"password\":\"" + Someone.PASSWORD + "\"}")
                    .expect(201)
                    .json()
                    .path("id")
                    .asLong();
            Someone someone = Someone.signedIn(gateway, name, Someone.PASSWORD, id);
            Authenticator app = new Authenticator(begun(someone).path("secret").asString());
            List<String> codes = new ArrayList<>();
            confirms(someone, app.code())
                    .expect(200)
                    .json()
                    .path("recovery_codes")
                    .forEach(code -> codes.add(code.asString()));
            return new Careful(someone, name, app, codes);
        }

        Answer signsIn(@Nullable String code) {
            return signsIn(code, "203.0.113.1");
        }

        Answer signsIn(@Nullable String code, String from) {
            String field = code == null ? "" : ",\"code\":\"" + code + "\"";
            return Someone.nobody(someone.gateway())
                    .with("X-Forwarded-For", from)
                    .asks(
                            "POST",
                            "/session",
                            "{\"username\":\"" + name + "\",\"password\":\"" + Someone.PASSWORD + "\"" + field + "}");
        }

        String path() {
            return path(someone);
        }

        static String path(Someone someone) {
            return "/users/" + someone.id() + "/second-factor";
        }

        static JsonNode begun(Someone someone) {
            return someone.asks("POST", path(someone), "{\"password\":\"" + Someone.PASSWORD + "\"}")
                    .expect(201)
                    .json();
        }

        static Answer confirms(Someone someone, String code) {
            return someone.asks("POST", path(someone) + "/confirmation", "{\"code\":\"" + code + "\"}");
        }
    }

    @BeforeAll
    static void start() {
        gateway = Gateway.shared(Databases.H2);
    }

    private static void isAskedForTheCode(Answer answer) {
        assertThat(answer.expect(401).json().path("code_required").asBoolean()).isTrue();
        assertThat(answer.headers().allValues("Set-Cookie")).noneMatch(each -> each.startsWith("sluice_session"));
    }

    @ParameterizedTest
    @MethodSource(Databases.ALL)
    void signingInTakesACode_andEachCodeOnce(Databases database) {
        Careful user = Careful.made(Gateway.shared(database));
        isAskedForTheCode(user.signsIn(null));
        isAskedForTheCode(user.signsIn("000000"));
        isAskedForTheCode(user.signsIn(user.app.code())); // it confirmed with this one
        user.signsIn(user.app.code(1)).expect(201);
        isAskedForTheCode(user.signsIn(user.app.code(1)));
        String recovery = user.recoveryCodes.getFirst();
        JsonNode session = user.signsIn(recovery).expect(201).json();
        assertThat(session.path("second_factor").asBoolean()).isTrue();
        isAskedForTheCode(user.signsIn(recovery));
        user.signsIn(user.recoveryCodes.get(1).replace("-", " ").toLowerCase(java.util.Locale.ROOT))
                .expect(201);
        assertThat(user.someone.reads(user.path()).path("recovery_codes").asInt())
                .isEqualTo(8);
    }

    @Test
    void anAppGetsASecret_thatCountsOnlyWhenItShowsItsCode() {
        Someone user = Someone.made(gateway, "user");
        JsonNode first = Careful.begun(user);
        assertThat(first.path("uri").asString())
                .startsWith("otpauth://totp/Sluice:")
                .contains("?secret=" + first.path("secret").asString() + "&issuer=Sluice");
        assertThat(first.path("qr").path("path").asString()).matches("(M\\d+ \\d+h1v1h-1z)+");
        Authenticator second =
                new Authenticator(Careful.begun(user).path("secret").asString());
        assertThat(user.reads(Careful.path(user)).path("enabled").asBoolean()).isFalse();
        Careful.confirms(user, "123456x").expect(400);
        assertThat(Careful.confirms(user, new Authenticator(first.path("secret").asString()).code())
                        .expect(400)
                        .body())
                .contains("\"field\":\"code\"");
        Careful.confirms(user, second.code()).expect(200);
        Careful.confirms(user, second.code(1)).expect(409);
        user.asks("POST", Careful.path(user), "{\"password\":\"" + Someone.PASSWORD + "\"}")
                .expect(409);
        user.gets("/session").expect(200); // a bearer token asks for no code
    }

    @Test
    void turningItOnEndsTheOtherSessions() {
        Careful user = Careful.made(gateway);
        Someone other = Someone.signedIn(gateway, plain("two"), Someone.PASSWORD, 0);
        long id = other.reads("/session").path("id").asLong();
        Someone one = Someone.signedIn(gateway, "two" + count.get(), Someone.PASSWORD, id);
        Careful.confirms(
                        one, new Authenticator(Careful.begun(one).path("secret").asString()).code())
                .expect(200);
        one.gets("/session").expect(200);
        other.gets("/session").expect(401);
        user.someone.gets("/session").expect(200);
    }

    private static String plain(String prefix) {
        String name = prefix + count.incrementAndGet();
        gateway.api("POST", "/users", "{\"username\":\"" + name + "\",\"password\":\"" + Someone.PASSWORD + "\"}")
                .expect(201);
        return name;
    }

    @Test
    void turningItOffTakesPasswordAndCode() {
        Careful user = Careful.made(gateway);
        String removal = user.path() + "/removal";
        String right = user.recoveryCodes.getFirst();
        assertThat(user.someone
                        .asks("POST", removal, "{\"password\":\"not this one\",\"code\":\"" + right + "\"}")
                        .expect(400)
                        .body())
                .contains("\"field\":\"password\"");
        assertThat(user.someone
                        .asks("POST", removal, "{\"password\":\"" + Someone.PASSWORD + "\",\"code\":\"111111\"}")
                        .expect(400)
                        .body())
                .contains("\"field\":\"code\"");
        user.someone
                .asks("POST", removal, "{\"password\":\"" + Someone.PASSWORD + "\",\"code\":\"" + right + "\"}")
                .expect(204);
        user.signsIn(null).expect(201);
    }

    @Test
    void codesAreGuessedNoFasterThanPasswords_alsoByWhoKnowsThePassword() {
        Careful user = Careful.made(gateway);
        for (int i = 0; i < 5; i++) {
            isAskedForTheCode(user.signsIn(null, "198.51.100.11" + i));
            isAskedForTheCode(user.signsIn("00000" + i, "198.51.100.12" + i));
        }
        user.signsIn(user.app.code(1), "198.51.100.130").expect(429);
    }

    @Test
    void anAdminResetsAUsers_butNotARootsNorItsOwn() {
        Careful user = Careful.made(gateway);
        Someone admin = Someone.made(gateway, "admin");
        Someone root = Someone.made(gateway, "root");
        Someone stranger = Someone.made(gateway, "user");
        stranger.asks("DELETE", user.path(), null).expect(403);
        stranger.gets(user.path()).expect(404);
        admin.asks("POST", user.path(), "{\"password\":\"" + Someone.PASSWORD + "\"}")
                .expect(403);
        admin.asks("DELETE", Careful.path(root), null).expect(403);
        root.asks("DELETE", Careful.path(root), null).expect(409);
        isAskedForTheCode(user.signsIn(null));
        admin.asks("DELETE", user.path(), null).expect(204);
        user.signsIn(null).expect(201);
        assertThat(admin.reads("/audit?limit=200").toString())
                .contains("factor_on")
                .contains("factor_reset");
        // Others count on the first root being the last.
        gateway.api("PATCH", "/users/" + root.id(), "{\"enabled\":false,\"role\":\"user\"}");
    }
}
