package dev.sluice.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenCheckTest {
    private final Gateway gateway = Gateway.shared();
    private final TokenCheck check = gateway.bean(TokenCheck.class);

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private Caller identify(String key) {
        return check.identify(key, address("192.0.2.1"));
    }

    private Reason refused(@Nullable String key, String from) {
        Refusal refusal = catchThrowableOfType(Refusal.class, () -> check.identify(key, address(from)));
        assertThat(refusal).isNotNull();
        if (key != null && key.length() > 20) {
            assertThat(refusal.getMessage()).doesNotContain(key);
        }
        return refusal.reason();
    }

    private Reason refused(@Nullable String key) {
        return refused(key, "192.0.2.1");
    }

    private void patch(NewToken token, String json) {
        gateway.api("PATCH", "/tokens/" + token.id(), json).expect(200);
    }

    @Test
    void knowsATokenItsOwnerAndGroup_fromTheMomentItIsMade() {
        NewToken token = gateway.token("{\"name\":\"known\"}");
        assertThat(token.key()).matches("sk-[0-9A-Za-z]{48}");
        Caller caller = identify(token.key());
        assertThat(caller.token().id()).isEqualTo(token.id());
        assertThat(caller.user().username()).isEqualTo("root");
        assertThat(caller.group().name()).isEqualTo("default");
        assertThat(caller.pinnedChannel()).isNull();
    }

    @Test
    void refusesWhoSendsNoKey() {
        assertThat(refused(null)).isEqualTo(Reason.INVALID_API_KEY);
        assertThat(refused("")).isEqualTo(Reason.INVALID_API_KEY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sk-",
                "sk-short",
                "sat-000000000000000000000000000000000000000000000000",
                "sk-00000000000000000000000000000000000000000000000é",
                "sk-000000000000000000000000000000000000000000000000",
                "sk-000000000000000000000000000000000000000000000000-",
                "sk-000000000000000000000000000000000000000000000000-x",
                "sk-000000000000000000000000000000000000000000000000-1x",
                "sk-000000000000000000000000000000000000000000000000-9999999999999999999",
                "sk-0000000000000000000000000000000000000000000000001"
            })
    void refusesWhatIsNoKeyOfIts(String key) {
        assertThat(refused(key)).isEqualTo(Reason.INVALID_API_KEY);
    }

    @Test
    void refusesADisabledToken_atOnce_andTakesItAgain() {
        NewToken token = gateway.token();
        patch(token, "{\"enabled\":false}");
        assertThat(refused(token.key())).isEqualTo(Reason.TOKEN_DISABLED);
        patch(token, "{\"enabled\":null}");
        assertThat(identify(token.key()).token().id()).isEqualTo(token.id());
    }

    @Test
    void refusesTheTokensOfADisabledUser() {
        long user = gateway.api("POST", "/users", "{\"username\":\"sleeper\",\"password\":\"12345678\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        NewToken token = gateway.token("{\"user_id\":" + user + "}");
        assertThat(identify(token.key()).user().id()).isEqualTo(user);
        gateway.api("PATCH", "/users/" + user, "{\"enabled\":false}").expect(200);
        assertThat(refused(token.key())).isEqualTo(Reason.TOKEN_DISABLED);
    }

    @Test
    void refusesAnExpiredToken() {
        NewToken token = gateway.token("{\"expires_at\":\"2020-01-01T00:00:00Z\"}");
        assertThat(refused(token.key())).isEqualTo(Reason.TOKEN_EXPIRED);
        patch(token, "{\"expires_at\":\"2999-01-01T00:00:00+02:00\"}");
        assertThat(identify(token.key()).token().id()).isEqualTo(token.id());
    }

    @Test
    void refusesAnAddressThatIsNotInTheList() {
        NewToken token = gateway.token("{\"allowed_ips\":[\"10.1.0.0/16\",\"2001:db8::/32\",\"203.0.113.9\"]}");
        assertThat(refused(token.key(), "10.2.0.1")).isEqualTo(Reason.IP_NOT_ALLOWED);
        assertThat(refused(token.key(), "2001:db9::1")).isEqualTo(Reason.IP_NOT_ALLOWED);
        for (String good : new String[] {"10.1.255.255", "2001:db8:1::1", "203.0.113.9", "::ffff:10.1.2.3"}) {
            assertThat(check.identify(token.key(), address(good)).token().id()).isEqualTo(token.id());
        }
    }

    @Test
    void refusesADeletedToken() {
        NewToken token = gateway.token();
        gateway.api("DELETE", "/tokens/" + token.id(), null).expect(204);
        assertThat(refused(token.key())).isEqualTo(Reason.INVALID_API_KEY);
    }

    @Test
    void letsAnAdminsTokenPinAChannel_andNobodyElses() {
        NewToken roots = gateway.token();
        assertThat(identify(roots.key() + "-42").pinnedChannel()).isEqualTo(42);
        long user = gateway.api("POST", "/users", "{\"username\":\"pinner\",\"password\":\"12345678\"}")
                .expect(201)
                .json()
                .path("id")
                .asLong();
        NewToken users = gateway.token("{\"user_id\":" + user + "}");
        assertThat(refused(users.key() + "-42")).isEqualTo(Reason.CHANNEL_NOT_ALLOWED);
    }
}
