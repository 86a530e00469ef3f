package dev.sluice.wire;

import java.util.Locale;

/**
 * Why the admin API does not do what it was asked: the {@code code} of a problem. A word stays what it is, so that programs
 * may go by it, and the console says it in its reader's language.
 */
public enum Objection {
    WRONG_FIELDS,
    NOT_JSON,
    WRONG_ADDRESS,
    NOT_SIGNED_IN,
    WRONG_PASSWORD,
    CODE_REQUIRED,
    WRONG_CODE,
    NOT_ALLOWED,
    NOT_YOURS,
    ADMINS_ONLY,
    ROOT_ONLY,
    READ_ONLY_TOKEN,
    NO_CSRF_TOKEN,
    REGISTRATION_OFF,
    NOT_FOUND,
    NO_SUCH_CODE,
    NO_PROVIDER,
    WRONG_METHOD,
    WRONG_ACCEPT,
    WRONG_MEDIA_TYPE,
    EXISTS,
    USERNAME_TAKEN,
    GROUP_EXISTS,
    GROUP_HAS_USERS,
    GROUP_HAS_CHANNELS,
    DEFAULT_GROUP,
    YOURSELF,
    LAST_ROOT,
    QUOTA_UNLIMITED,
    QUOTA_RENEWS,
    QUOTA_TOO_LARGE,
    QUOTA_BELOW_ZERO,
    CODE_REDEEMED,
    CODE_EXPIRED,
    BUILT_IN_PRICE,
    FACTOR_ON,
    FACTOR_NOT_BEGUN,
    FACTOR_OFF,
    OWN_FACTOR,
    TOO_LARGE,
    TOO_MANY,
    VENDOR_FAILED,
    PROVIDER_AWAY,
    DATABASE_AWAY,
    BUSY,
    UNAVAILABLE,
    BUG;

    public final String label = name().toLowerCase(Locale.ROOT);
}
