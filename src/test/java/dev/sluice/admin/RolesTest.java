package dev.sluice.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Databases;
import dev.sluice.testing.Gateway;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Who may do what: every route of the API's own description, and the finer rules between users. */
class RolesTest {
    private static Gateway gateway;
    private static Someone root;
    private static Someone admin;
    private static Someone user;
    private static Someone other;

    private record Route(String method, String path) {
        boolean writes() {
            return !method.equals("GET");
        }

        /** With ids that nothing has: whoever may come this far is told 404, 400 or 415, and nothing happens. */
        Answer askedBy(Someone someone) {
            return someone.with("Content-Type", "text/plain")
                    .asks(method, path.replaceAll("\\{\\w+}", "999999999"), writes() ? "x" : null);
        }
    }

    @BeforeAll
    static void start() {
        gateway = Gateway.shared(Databases.H2);
        root = Someone.root(gateway);
        admin = Someone.made(gateway, "admin");
        user = Someone.made(gateway, "user");
        other = Someone.made(gateway, "user");
    }

    private static List<Route> routes() {
        JsonNode document = Someone.nobody(gateway).reads("/openapi.json");
        List<Route> routes = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
            for (String method : path.getValue().propertyNames()) {
                routes.add(
                        new Route(method.toUpperCase(Locale.ROOT), path.getKey().substring(4)));
            }
        }
        return routes;
    }

    @Test
    void theDescriptionHasEveryResourceOfTheContract() {
        Set<String> paths = new TreeSet<>();
        routes().forEach(route -> paths.add(route.path));
        assertThat(paths)
                .contains(
                        "/session",
                        "/channels",
                        "/channels/{id}",
                        "/channels/{id}/test",
                        "/channels/{id}/models",
                        "/vendors",
                        "/tokens",
                        "/tokens/{id}",
                        "/users",
                        "/users/{id}",
                        "/users/{id}/credits",
                        "/groups",
                        "/groups/{name}",
                        "/prices",
                        "/prices/{id}",
                        "/access-tokens",
                        "/access-tokens/{id}",
                        "/calls",
                        "/calls/{id}",
                        "/users/{id}/credits/{credit}",
                        "/redemption-codes",
                        "/redemption-codes/{id}",
                        "/redemptions",
                        "/registrations",
                        "/reconciliation",
                        "/audit",
                        "/settings",
                        "/users/{id}/second-factor",
                        "/users/{id}/second-factor/confirmation",
                        "/users/{id}/second-factor/removal",
                        "/oidc",
                        "/oidc/login",
                        "/oidc/callback",
                        "/oidc/link",
                        "/usage");
    }

    @Test
    void nobodyGetsAnywhere_butToSigningInAndRegistering() {
        for (Route route : routes()) {
            boolean open = route.equals(new Route("POST", "/session")) || route.path.equals("/registrations");
            boolean away = route.path.matches("/oidc/(login|callback)"); // there is no provider
            boolean offer = route.path.equals("/oidc");
            assertThat(route.askedBy(Someone.nobody(gateway)).status())
                    .as("%s", route)
                    .isEqualTo(away ? 404 : offer ? 200 : !open ? 401 : route.writes() ? 415 : 200);
        }
    }

    @Test
    void aUserGetsToNothingThatIsAnAdmins() {
        for (Route route : routes()) {
            boolean admins =
                    route.path.matches("/(channels|groups|prices|redemption-codes|reconciliation|audit|settings).*");
            int status = route.askedBy(user).status();
            if (admins) {
                assertThat(status).as("%s", route).isEqualTo(403);
            } else {
                assertThat(status).as("%s", route).isNotIn(401, 500);
            }
        }
    }

    @Test
    void rootGetsEverywhere_andAnAdminToAllButTheSettings() {
        for (Route route : routes()) {
            if (route.path.equals("/settings")) {
                assertThat(route.askedBy(admin).status()).as("%s", route).isEqualTo(403);
            } else {
                assertThat(route.askedBy(admin).status()).as("%s", route).isNotIn(401, 403, 500);
            }
            assertThat(route.askedBy(root).status()).as("%s", route).isNotIn(401, 403, 500);
        }
    }

    @Test
    void aTokenOfScopeReadChangesNothing() {
        Someone reader = admin.withAccessToken("read");
        for (Route route : routes()) {
            int status = route.askedBy(reader).status();
            boolean open =
                    route.equals(new Route("POST", "/session")) || route.equals(new Route("POST", "/registrations"));
            if (route.writes() && !open || route.path.equals("/settings")) {
                assertThat(status).as("%s", route).isEqualTo(403);
            } else {
                assertThat(status).as("%s", route).isNotIn(401, 403, 500);
            }
        }
    }

    @Test
    void theDescriptionNamesRealFieldsAndFilters() {
        JsonNode document = Someone.nobody(gateway).reads("/openapi.json");
        JsonNode schemas = document.path("components").path("schemas");
        assertThat(schemas.path("Token").path("properties").propertyNames())
                .contains("quota_usd", "used_usd", "allowed_ips", "key_hint", "expires_at");
        assertThat(schemas.path("Channel").path("properties").propertyNames()).contains("base_url", "model_mapping");
        assertThat(schemas.path("Timeouts").path("properties").propertyNames()).contains("first_byte_ms");
        assertThat(document.path("paths")
                        .path("/api/calls")
                        .path("get")
                        .path("parameters")
                        .findValuesAsString("name"))
                .containsExactlyInAnyOrder(
                        "limit",
                        "cursor",
                        "user_id",
                        "token_id",
                        "channel_id",
                        "model",
                        "status",
                        "endpoint",
                        "stream",
                        "error_code",
                        "from",
                        "to");
        assertThat(document.toString()).doesNotContain("\"format\":\"byte\"").doesNotContain("MultiValueMap");
    }

    @Test
    void theDocumentationPageIsServed() {
        Answer page = gateway.send("GET", "/api/docs", Map.of(), null);
        assertThat(page.status()).isIn(200, 302);
        String there = page.status() == 302 ? String.valueOf(page.header("Location")) : "/api/docs";
        Answer html = gateway.send("GET", there, Map.of(), null).expect(200);
        assertThat(html.body()).contains("swagger-ui");
        assertThat(html.header("Content-Security-Policy")).contains("style-src 'self' 'unsafe-inline'");
    }

    @Test
    void aUserSeesAndChangesItsOwnTokensAlone() {
        long mine = user.asks("POST", "/tokens", "{\"name\":\"mine\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        long theirs = other.asks("POST", "/tokens", "{\"name\":\"theirs\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        assertThat(user.reads("/tokens").path("data").findValuesAsString("user_id"))
                .containsOnly(Long.toString(user.id()));
        assertThat(user.reads("/tokens?user_id=" + other.id()).path("data")).isEmpty();
        user.gets("/tokens/" + mine).expect(200);
        user.gets("/tokens/" + theirs).expect(404);
        user.asks("PATCH", "/tokens/" + theirs, "{\"name\":\"stolen\"}").expect(404);
        user.asks("DELETE", "/tokens/" + theirs, null).expect(404);
        user.asks("POST", "/tokens", "{\"name\":\"x\",\"user_id\":" + other.id() + "}")
                .expect(403);
        user.asks("PATCH", "/tokens/" + mine, "{\"user_id\":" + other.id() + "}")
                .expect(403);
        user.asks("PATCH", "/tokens/" + mine, "{\"name\":\"renamed\"}").expect(200);
        user.asks("DELETE", "/tokens/" + mine, null).expect(204);
    }

    @Test
    void aUserSeesItselfAlone_andChangesItsNameAndPasswordAlone() {
        assertThat(user.reads("/users").path("data")).hasSize(1);
        user.gets("/users/" + user.id()).expect(200);
        user.gets("/users/" + other.id()).expect(404);
        user.asks("PATCH", "/users/" + other.id(), "{\"display_name\":\"x\"}").expect(404);
        user.asks("POST", "/users", "{\"username\":\"x\",\"password\":\"12345678\"}")
                .expect(403);
        user.asks("DELETE", "/users/" + user.id(), null).expect(403);
        user.asks("POST", "/users/" + user.id() + "/credits", "{\"amount_usd\":1}")
                .expect(403);
        user.asks("PATCH", "/users/" + user.id(), "{\"display_name\":\"Me\"}").expect(200);
        JsonNode me = user.reads("/users/" + user.id());
        user.asks("PATCH", "/users/" + user.id(), me.toString()).expect(200);
        for (String grab : List.of(
                "{\"role\":\"admin\"}",
                "{\"role\":\"root\"}",
                "{\"quota_usd\":1000}",
                "{\"group\":\"gold\"}",
                "{\"username\":\"root2\"}",
                "{\"enabled\":false}")) {
            assertThat(user.asks("PATCH", "/users/" + user.id(), grab).status())
                    .as(grab)
                    .isIn(400, 403);
        }
        assertThat(user.reads("/users/" + user.id())).isEqualTo(me.deepCopy().isObject() ? withTime(me) : me);
    }

    /** Sending back what was read moved only the time of the last change. */
    private static JsonNode withTime(JsonNode me) {
        return dev.sluice.testing.Json.merge(
                me.toString(),
                "{\"updated_at\":\""
                        + user.reads("/users/" + user.id()).path("updated_at").asString() + "\"}");
    }

    @Test
    void anAdminRulesUsers_butNoAdmin_norRoot_norItsOwnPurse() {
        Someone colleague = Someone.made(gateway, "admin");
        long rootId = root.reads("/session").path("id").asLong();
        for (long above : List.of(colleague.id(), rootId)) {
            admin.gets("/users/" + above).expect(200);
            admin.asks("PATCH", "/users/" + above, "{\"enabled\":false}").expect(403);
            admin.asks("PATCH", "/users/" + above, "{\"password\":\"taken over\"}")
                    .expect(403);
            admin.asks("DELETE", "/users/" + above, null).expect(403);
            admin.asks("POST", "/users/" + above + "/credits", "{\"amount_usd\":1}")
                    .expect(403);
            admin.asks("POST", "/tokens", "{\"name\":\"x\",\"user_id\":" + above + "}")
                    .expect(403);
        }
        admin.asks("PATCH", "/users/" + admin.id(), "{\"role\":\"root\"}").expect(403);
        admin.asks("PATCH", "/users/" + admin.id(), "{\"quota_usd\":1000}").expect(403);
        admin.asks("POST", "/users/" + admin.id() + "/credits", "{\"amount_usd\":1}")
                .expect(403);
        admin.asks("PATCH", "/users/" + admin.id(), "{\"display_name\":\"Boss\"}")
                .expect(200);
        admin.asks("DELETE", "/users/" + admin.id(), null).expect(409);
        for (String role : List.of("admin", "root")) {
            admin.asks("POST", "/users", "{\"username\":\"new\",\"password\":\"12345678\",\"role\":\"" + role + "\"}")
                    .expect(403);
            admin.asks("PATCH", "/users/" + other.id(), "{\"role\":\"" + role + "\"}")
                    .expect(403);
        }
        admin.asks("PATCH", "/users/" + other.id(), "{\"quota_usd\":5}").expect(200);
        admin.asks("POST", "/users/" + other.id() + "/credits", "{\"amount_usd\":1}")
                .expect(201);
        admin.asks("POST", "/tokens", "{\"name\":\"for\",\"user_id\":" + other.id() + "}")
                .expect(201);
        long roots = root.asks("POST", "/tokens", "{\"name\":\"roots\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        admin.asks("PATCH", "/tokens/" + roots, "{\"quota_usd\":null}").expect(403);
        admin.asks("DELETE", "/tokens/" + roots, null).expect(403);
    }

    @Test
    void accessTokensAreTheirMakersAlone() {
        long mine = user.asks("POST", "/access-tokens", "{\"name\":\"mine\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        for (Someone stranger : List.of(other, admin, root)) {
            stranger.gets("/access-tokens/" + mine).expect(404);
            stranger.asks("DELETE", "/access-tokens/" + mine, null).expect(404);
        }
    }

    @Test
    void everyoneSignedInSeesTheCatalog() {
        assertThat(user.reads("/vendors").path("data")).isNotEmpty();
    }
}
