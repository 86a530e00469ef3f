package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.access.Conflict;
import dev.sluice.access.Groups;
import dev.sluice.access.Operator;
import dev.sluice.access.Passwords;
import dev.sluice.access.Renewal;
import dev.sluice.access.Role;
import dev.sluice.access.User;
import dev.sluice.access.Users;
import dev.sluice.database.Where;
import dev.sluice.wire.Limits;
import dev.sluice.wire.Objection;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/users}: who signs in, owns tokens and pays. */
@RestController
@RequestMapping("/api/users")
@Tag(name = "users", description = "Who signs in, owns tokens and pays")
final class UserApi {
    private static final Set<String> WRITABLE = Set.of(
            "username",
            "password",
            "display_name",
            "role",
            "group",
            "enabled",
            "quota_usd",
            "quota_period",
            "time_zone",
            "limits");
    private static final Set<String> READ_ONLY =
            Set.of("id", "used_usd", "period_used_usd", "period_ends_at", "created_at", "updated_at");
    static final Trail.Kind<User> KIND =
            new Trail.Kind<>("user", user -> Long.toString(user.id()), user -> View.of(user, 0));

    private final Users users;
    private final Groups groups;
    private final Passwords passwords;
    private final Trail trail;
    private final Clock clock;

    UserApi(Users users, Groups groups, Passwords passwords, Trail trail, Clock clock) {
        this.users = users;
        this.groups = groups;
        this.passwords = passwords;
        this.trail = trail;
        this.clock = clock;
    }

    /** A user as the API shows it. */
    @Schema(name = "User")
    record View(
            @Schema(accessMode = Schema.AccessMode.READ_ONLY)
            long id,

            @Schema(description = "1 to 64 letters, digits and . _ @ -")
            String username,

            @JsonProperty("display_name") String displayName,

            @Schema(
                    allowableValues = {"root", "admin", "user"},
                    defaultValue = "user")
            String role,

            @Schema(defaultValue = "default") String group,
            @Schema(defaultValue = "true") boolean enabled,

            @Schema(description = "US dollars that all tokens may spend together; null: unlimited")
            @JsonProperty("quota_usd")
            @Nullable
            BigDecimal quotaUsd,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("used_usd")
            BigDecimal usedUsd,

            @Schema(
                    description = "How often the quota begins anew, by the calendar of time_zone",
                    allowableValues = {"none", "day", "week", "month"},
                    defaultValue = "none")
            @JsonProperty("quota_period")
            String quotaPeriod,

            @Schema(description = "An IANA name, such as Europe/Berlin", defaultValue = "UTC")
            @JsonProperty("time_zone")
            String timeZone,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY, description = "What counts against the quota now")
            @JsonProperty("period_used_usd")
            BigDecimal periodUsedUsd,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY, description = "null: the quota is for good")
            @JsonProperty("period_ends_at")
            @Nullable
            Instant periodEndsAt,

            @Schema(description = "Of all the user's tokens together")
            Limits limits,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("created_at")
            Instant createdAt,

            @Schema(accessMode = Schema.AccessMode.READ_ONLY) @JsonProperty("updated_at")
            Instant updatedAt) {
        static View of(User user, long now) {
            return new View(
                    user.id(),
                    user.username(),
                    user.displayName(),
                    user.role().name().toLowerCase(Locale.ROOT),
                    user.group(),
                    user.enabled(),
                    Views.usdOrNull(user.quotaNanos()),
                    Views.usd(user.usedNanos()),
                    user.renewal().period().label(),
                    user.renewal().zone().getId(),
                    Views.usd(user.renewal().counted(user.usedNanos(), now)),
                    user.renewal().renews() ? Views.time(user.renewal().ends(now)) : null,
                    user.limits(),
                    Views.time(user.createdAt()),
                    Views.time(user.updatedAt()));
        }
    }

    /** What a user is made of: as it is shown, and the password. */
    @Schema(name = "NewUser")
    interface Draft {
        @Schema(description = "8 characters to 72 bytes", writeOnly = true)
        String password();
    }

    @GetMapping
    @Listed({"username", "role", "group", "enabled"})
    @Operation(summary = "Users, newest first. Filters: username (with *), role, group, enabled")
    Mono<Page.Of<View>> list(
            @AuthenticationPrincipal Operator operator,
            @Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query, "username", "role", "group", "enabled");
        String role = page.text("role");
        Where where = new Where()
                .like("username", page.text("username"))
                .equal("role_name", role == null ? null : role.toLowerCase(Locale.ROOT))
                .equal("group_name", page.text("group"))
                .equal("enabled", page.flag("enabled"))
                .equal(
                        "id",
                        operator.role().administers() ? null : operator.user().id())
                .below("id", page.afterId());
        return page.of(
                users.list(where, page.limit() + 1),
                user -> Long.toString(user.id()),
                user -> View.of(user, clock.millis()));
    }

    @GetMapping("/{id}")
    @Operation(summary = "One user")
    Mono<View> get(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        return visible(operator, id).map(user -> View.of(user, clock.millis()));
    }

    @PostMapping(consumes = {"application/json", "application/merge-patch+json"})
    @Operation(
            summary = "Makes a user",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(allOf = {View.class, Draft.class}))))
    @ResponseStatus(HttpStatus.CREATED)
    Mono<ResponseEntity<View>> make(@AuthenticationPrincipal Operator operator, @RequestBody byte[] body) {
        administering(operator);
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), WRITABLE, READ_ONLY);
        String password = password(fields);
        if (password == null) {
            fields.fault("password", Rule.PASSWORD, "absent (expected: 8 characters or more)");
        }
        long now = clock.millis();
        User draft = user(
                fields,
                operator,
                new User(0, "", "", Role.USER, Groups.DEFAULT, true, null, 0, Renewal.NEVER, Limits.NONE, now, now));
        return passwords
                .hash(String.valueOf(password))
                .flatMap(hash -> users.create(draft, hash, trail.of(operator, KIND)))
                .map(user -> ResponseEntity.created(URI.create("/api/users/" + user.id()))
                        .body(View.of(user, now)));
    }

    @PatchMapping(
            path = "/{id}",
            consumes = {"application/json", "application/merge-patch+json"})
    @Operation(
            summary = "Changes a user by a JSON merge patch; a new password ends the user's other sessions",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(allOf = {View.class, Draft.class}))))
    Mono<View> change(@AuthenticationPrincipal Operator operator, @PathVariable String id, @RequestBody byte[] body) {
        return visible(operator, id).flatMap(there -> {
            boolean self = operator.owns(there.id());
            if (!self) {
                mayChange(operator, there);
            }
            Fields given = fields(body, there);
            ownOnly(operator, there, user(given, operator, there)); // said before a password is hashed
            String password = given.text("password", 1_000);
            Mono<String> hash = password == null ? Mono.just("") : passwords.hash(password);
            return hash.flatMap(hashed -> users.change(
                            there.id(),
                            before -> {
                                User after = user(fields(body, before), operator, before);
                                ownOnly(operator, before, after);
                                return after;
                            },
                            hashed.isEmpty() ? null : hashed,
                            operator.session(),
                            hashed.isEmpty() ? trail.of(operator, KIND) : trail.of(operator, KIND, "password")))
                    .map(user -> View.of(user, clock.millis()));
        });
    }

    /** Of itself nobody but root changes more than its name and password: no admin raises its own quota. */
    private static void ownOnly(Operator operator, User before, User after) {
        boolean same = before.username().equals(after.username())
                && before.role() == after.role()
                && before.group().equals(after.group())
                && before.enabled() == after.enabled()
                && Objects.equals(before.quotaNanos(), after.quotaNanos())
                && before.renewal().equals(after.renewal())
                && before.limits().equals(after.limits());
        if (operator.role() != Role.ROOT && operator.owns(before.id()) && !same) {
            throw new Forbidden(Objection.NOT_ALLOWED, "Of yourself you may change display_name and password alone.");
        }
    }

    private static Fields fields(byte[] body, User before) {
        return Fields.read(body, Rendering.writable(View.of(before, 0), WRITABLE), WRITABLE, READ_ONLY);
    }

    @DeleteMapping("/{id}")
    @Operation(summary = "Deletes a user with its tokens; its calls stay in the ledger")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> delete(@AuthenticationPrincipal Operator operator, @PathVariable String id) {
        administering(operator);
        return visible(operator, id).flatMap(there -> {
            if (operator.owns(there.id())) {
                return Mono.error(new Conflict(Objection.YOURSELF, "You cannot delete yourself."));
            }
            mayChange(operator, there);
            return users.delete(there.id(), trail.of(operator, KIND));
        });
    }

    private Mono<User> visible(Operator operator, String id) {
        return visible(users, operator, id);
    }

    /** A user whom the operator may see; another is as good as none. */
    static Mono<User> visible(Users users, Operator operator, String id) {
        return users.find(Rendering.id(id, "user"))
                .filter(user -> operator.role().administers() || operator.owns(user.id()))
                .switchIfEmpty(Mono.error(() -> new Problems.NotFound("There is no user " + id + ".")));
    }

    static void administering(Operator operator) {
        if (!operator.role().administers()) {
            throw new Forbidden(Objection.ADMINS_ONLY, "Only an admin may do this.");
        }
    }

    /** An admin changes users, root changes everybody. */
    static void mayChange(Operator operator, User there) {
        administering(operator);
        if (operator.role() != Role.ROOT && there.role() != Role.USER) {
            throw new Forbidden(Objection.ROOT_ONLY, "Only root may change an admin.");
        }
    }

    static @Nullable String password(Fields fields) {
        String password = fields.text("password", 1_000);
        String fault = password == null ? null : Passwords.fault(password);
        if (fault != null) {
            fields.fault("password", Rule.PASSWORD, fault);
        }
        return password;
    }

    static String username(Fields fields) {
        String username = String.valueOf(fields.text("username", 64));
        if (!username.matches("[\\p{L}\\p{N}._@-]{1,64}") || !fields.has("username")) {
            fields.wrong("username", "'" + username + "'", Rule.USERNAME);
        }
        return username;
    }

    private User user(Fields fields, Operator operator, User before) {
        String username = username(fields);
        Role role = role(fields, operator, before);
        String group = fields.has("group") ? String.valueOf(fields.text("group", 64)) : Groups.DEFAULT;
        if (groups.find(group) == null) {
            fields.wrong("group", "'" + group + "'", Rule.GROUP);
        }
        password(fields);
        String display = fields.text("display_name", 100);
        User user = new User(
                before.id(),
                username,
                display == null || display.isBlank() ? username : display.strip(),
                role,
                group,
                fields.flag("enabled", true),
                fields.usd("quota_usd"),
                before.usedNanos(),
                fields.renewal(before.renewal()),
                fields.limits("limits"),
                before.createdAt(),
                clock.millis());
        fields.check();
        return user;
    }

    private static Role role(Fields fields, Operator operator, User before) {
        String text = fields.text("role", 10);
        Role role = before.role();
        try {
            role = text == null ? Role.USER : Role.valueOf(text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            fields.wrong("role", "'" + text + "'", Rule.ROLE);
        }
        if (operator.role() != Role.ROOT && role != before.role()) {
            throw new Forbidden(Objection.ROOT_ONLY, "Only root gives or takes the roles root and admin.");
        }
        return role;
    }
}
