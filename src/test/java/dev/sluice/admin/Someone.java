package dev.sluice.admin;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Who asks the admin API in a test: a user with the means by which it signs in. */
record Someone(Gateway gateway, long id, Map<String, String> headers) {
    static final String PASSWORD = "correct horse";
    private static final AtomicInteger count = new AtomicInteger();

    static Someone nobody(Gateway gateway) {
        return new Someone(gateway, 0, Map.of());
    }

    static Someone root(Gateway gateway) {
        return new Someone(gateway, 0, Map.of("Authorization", "Bearer " + Gateway.ADMIN_TOKEN));
    }

    /** A new user of that role, with an access token that may write. */
    static Someone made(Gateway gateway, String role) {
        String name = role + count.incrementAndGet();
        JsonNode user = root(gateway)
                .asks("POST", "/users", """
                {"username": "%s", "password": "%s", "role": "%s"}""".formatted(name, PASSWORD, role))
                .expect(201)
                .json();
        return signedIn(gateway, name, PASSWORD, user.path("id").asLong()).withAccessToken("write");
    }

    /** A new user of that name, by the console's cookie. */
    static Someone signedInAs(Gateway gateway, String name) {
        JsonNode user = root(gateway)
                .asks("POST", "/users", """
                {"username": "%s", "password": "%s"}""".formatted(name, PASSWORD))
                .expect(201)
                .json();
        return signedIn(gateway, name, PASSWORD, user.path("id").asLong());
    }

    /** By the console's cookie, and with the header against forgery. */
    static Someone signedIn(Gateway gateway, String name, String password, long id) {
        Answer answer = nobody(gateway)
                .asks("POST", "/session", """
                {"username": "%s", "password": "%s"}""".formatted(name, password))
                .expect(201);
        Map<String, String> cookies = new LinkedHashMap<>();
        for (String cookie : answer.headers().allValues("Set-Cookie")) {
            String[] pair = cookie.split(";")[0].split("=", 2);
            cookies.put(pair[0], pair[1]);
        }
        return new Someone(
                gateway,
                id,
                Map.of(
                        "Cookie",
                        "sluice_session=" + cookies.get("sluice_session") + "; XSRF-TOKEN=" + cookies.get("XSRF-TOKEN"),
                        "X-XSRF-TOKEN",
                        String.valueOf(cookies.get("XSRF-TOKEN"))));
    }

    Someone withAccessToken(String scope) {
        JsonNode made = asks(
                        "POST",
                        "/access-tokens",
                        Json.merge("{\"name\":\"test\"}", "{\"scope\":\"" + scope + "\"}")
                                .toString())
                .expect(201)
                .json();
        return new Someone(
                gateway,
                id,
                Map.of("Authorization", "Bearer " + made.path("token").asString()));
    }

    Someone without(String header) {
        Map<String, String> fewer = new LinkedHashMap<>(headers);
        fewer.remove(header);
        return new Someone(gateway, id, fewer);
    }

    Someone with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Someone(gateway, id, more);
    }

    Answer asks(String method, String path, @Nullable String json) {
        return gateway.send(method, "/api" + path, headers, json);
    }

    Answer gets(String path) {
        return asks("GET", path, null);
    }

    JsonNode reads(String path) {
        return gets(path).expect(200).json();
    }
}
