package dev.sluice.access;

import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.net.InetAddress;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Tells who is calling, from memory alone: the one place where a caller's token is checked. */
@Component
public final class TokenCheck {
    /** {@code sk-} and 48 letters and digits. */
    private static final int KEY_LENGTH = Tokens.PREFIX.length() + Secret.LETTERS;

    private final Register register;
    private final Clock clock;

    TokenCheck(Register register, Clock clock) {
        this.register = register;
        this.clock = clock;
    }

    /**
     * The caller who holds this key and calls from this address.
     *
     * @param key {@code sk-…}, or {@code sk-…-<channel id>}, as it was sent; null: none was
     * @throws Refusal when there is no such caller, or it may not call
     */
    public Caller identify(@Nullable String key, InetAddress address) {
        if (key == null || key.isEmpty()) {
            throw new Refusal(Reason.INVALID_API_KEY, "No API key was sent. Send it as 'Authorization: Bearer sk-…'.");
        }
        Long pinned = pinnedChannel(key);
        String hash = Secret.hash(key.length() == KEY_LENGTH ? key : key.substring(0, KEY_LENGTH));
        Caller caller = register.now().callers().get(hash);
        if (caller == null) {
            throw new Refusal(
                    Reason.INVALID_API_KEY,
                    "The API key is not known here. Check for a typo, or ask whoever runs this gateway for a new token.");
        }
        check(caller, address);
        if (pinned == null) {
            return caller;
        }
        if (!caller.user().role().administers()) {
            throw new Refusal(
                    Reason.CHANNEL_NOT_ALLOWED,
                    "Only an admin's token may choose a channel. Leave out the channel id at the end of the API key.");
        }
        return new Caller(caller.token(), caller.user(), caller.group(), pinned);
    }

    private void check(Caller caller, InetAddress address) {
        Token token = caller.token();
        if (!token.enabled()) {
            throw new Refusal(Reason.TOKEN_DISABLED, "This token is disabled. Ask its owner to enable it.");
        }
        if (!caller.user().enabled()) {
            throw new Refusal(
                    Reason.TOKEN_DISABLED,
                    "The user who owns this token is disabled. Ask whoever runs this gateway to enable the user.");
        }
        Long expiresAt = token.expiresAt();
        if (expiresAt != null && expiresAt <= clock.millis()) {
            throw new Refusal(Reason.TOKEN_EXPIRED, "This token has expired. Ask its owner for a new one.");
        }
        if (!allowed(token, address)) {
            throw new Refusal(
                    Reason.IP_NOT_ALLOWED,
                    "This token may not be used from " + address.getHostAddress()
                            + ". Ask its owner to add the address to the token's allowed_ips.");
        }
    }

    private static boolean allowed(Token token, InetAddress address) {
        if (token.allowedIps().isEmpty()) {
            return true;
        }
        for (Cidr range : token.allowedIps()) {
            if (range.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /** What follows the key: nothing, or a hyphen and the number of a channel. */
    private static @Nullable Long pinnedChannel(String key) {
        if (!Secret.wellFormed(key, Tokens.PREFIX, KEY_LENGTH)) {
            throw malformed();
        }
        if (key.length() == KEY_LENGTH) {
            return null;
        }
        int digits = key.length() - KEY_LENGTH - 1;
        if (key.charAt(KEY_LENGTH) != '-' || digits < 1 || digits > 18) {
            throw malformed();
        }
        long id = 0;
        for (int i = KEY_LENGTH + 1; i < key.length(); i++) {
            char c = key.charAt(i);
            if (c < '0' || c > '9') {
                throw malformed();
            }
            id = id * 10 + (c - '0');
        }
        return id;
    }

    private static Refusal malformed() {
        return new Refusal(
                Reason.INVALID_API_KEY,
                "The API key is malformed. It is 'sk-' and 48 letters and digits, and may end in '-' and a channel id.");
    }
}
