package dev.sluice.admin;

import dev.sluice.access.Operator;
import dev.sluice.access.User;
import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditEntry;
import dev.sluice.database.Witness;
import java.net.InetAddress;
import java.time.Clock;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the audit's entries: compares what the API shows of a thing before and after a change, so what it never shows
 * (keys, passwords) can never get there. Of those only the field's name is written.
 */
@Component
final class Trail {
    /** They follow from the change, or count by themselves: saying them each time would hide what was done. */
    private static final Set<String> UNSAID = Set.of(
            "id",
            "key",
            "token",
            "key_hint",
            "token_hint",
            "key_hints",
            "health",
            "used_usd",
            "period_used_usd",
            "period_ends_at",
            "last_used_at",
            "created_at",
            "updated_at");

    /** Shown to admins who ask for them, but they may hold a credential: only that they changed is said. */
    private static final Set<String> UNSHOWN = Set.of("headers", "options");

    /** A longer value is cut: the entry says what was done, it is no backup. */
    private static final int LONGEST_VALUE = 1_000;

    private final Audit audit;
    private final Clock clock;

    Trail(Audit audit, Clock clock) {
        this.audit = audit;
        this.clock = clock;
    }

    /** A kind of thing: what it is called, its id, and what the API shows of it. */
    record Kind<T>(String name, Function<T, String> id, Function<T, ? extends Object> view) {}

    /** @param unseen fields that the request changed and no view shows, such as a password */
    <T> Witness<T> of(Operator who, Kind<T> kind, String... unseen) {
        return as(null, who, kind, unseen);
    }

    /** @param action what it is called; null: create, update or delete */
    <T> Witness<T> as(@Nullable String action, Operator who, Kind<T> kind, String... unseen) {
        return (client, before, after) -> {
            ArrayNode changes = changes(shown(kind, before), shown(kind, after), Set.of(unseen));
            T one = after == null ? before : after;
            boolean nothing = changes.isEmpty() && before != null && after != null && action == null;
            if (one == null || nothing) {
                return Mono.empty();
            }
            String verb = before == null ? "create" : after == null ? "delete" : "update";
            return write(client, who, action == null ? verb : action, kind.name, kind.id.apply(one), changes);
        };
    }

    /** What a user does who is an operator only afterwards: signs in or registers. */
    Witness<User> by(String action, InetAddress address) {
        return (client, before, after) -> after == null
                ? Mono.empty()
                : as(action, new Operator(after, Operator.Means.SESSION, true, null, address), UserApi.KIND)
                        .saw(client, before, after);
    }

    /** What has no view of its own. */
    Mono<Void> write(
            DatabaseClient client, Operator who, String action, String resource, String resourceId, JsonNode changes) {
        return audit.write(
                client,
                new AuditEntry(
                        0,
                        clock.millis(),
                        who.user().id(),
                        who.user().username(),
                        who.means().name().toLowerCase(Locale.ROOT),
                        who.address().getHostAddress(),
                        action,
                        resource,
                        resourceId,
                        Fields.JSON.writeValueAsString(changes)));
    }

    private static <T> ObjectNode shown(Kind<T> kind, @Nullable T thing) {
        return thing == null ? Fields.JSON.createObjectNode() : Fields.JSON.valueToTree(kind.view.apply(thing));
    }

    private static ArrayNode changes(ObjectNode before, ObjectNode after, Set<String> unseen) {
        ArrayNode changes = Fields.JSON.createArrayNode();
        Set<String> names = new TreeSet<>(before.propertyNames());
        names.addAll(after.propertyNames());
        names.removeAll(UNSAID);
        for (String name : names) {
            JsonNode from = before.path(name);
            JsonNode to = after.path(name);
            if (!same(from, to)) {
                ObjectNode change = changes.addObject().put("field", name);
                if (!UNSHOWN.contains(name)) {
                    put(change, "from", from);
                    put(change, "to", to);
                }
            }
        }
        unseen.forEach(name -> changes.addObject().put("field", name));
        return changes;
    }

    private static boolean same(JsonNode from, JsonNode to) {
        boolean none = (from.isNull() || from.isMissingNode()) && (to.isNull() || to.isMissingNode());
        return none || from.equals(to);
    }

    private static void put(ObjectNode change, String name, JsonNode value) {
        String text = value.toString();
        if (text.length() > LONGEST_VALUE) {
            change.put(name, text.substring(0, LONGEST_VALUE) + "…");
        } else if (!value.isMissingNode()) {
            change.set(name, value);
        }
    }
}
