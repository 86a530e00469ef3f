package dev.sluice.access;

import dev.sluice.database.Changes;
import dev.sluice.database.Database;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** All users, groups and tokens in memory, replaced whole when any of them changes. Calls are checked against it alone. */
@Component
final class Register {
    static final String NAME = "access";

    /**
     * The register at one moment.
     *
     * @param callers by the hash of the token's key: everything a call needs, in one look-up
     * @param root the oldest enabled root, for whom the fixed admin token stands
     */
    record Snapshot(
            Map<Long, User> users,
            Map<String, Group> groups,
            Map<Long, Token> tokens,
            Map<String, Caller> callers,
            @Nullable User root) {

        static Snapshot of(List<Token> tokens, List<User> users, List<Group> groups) {
            Map<Long, User> usersById = HashMap.newHashMap(users.size());
            Map<String, Group> groupsByName = HashMap.newHashMap(groups.size());
            Map<Long, Token> tokensById = HashMap.newHashMap(tokens.size());
            Map<String, Caller> callers = HashMap.newHashMap(tokens.size());
            groups.forEach(group -> groupsByName.put(group.name(), group));
            User root = null;
            for (User user : users) {
                usersById.put(user.id(), user);
                if (user.role() == Role.ROOT && user.enabled() && (root == null || user.id() < root.id())) {
                    root = user;
                }
            }
            for (Token token : tokens) {
                tokensById.put(token.id(), token);
                User user = usersById.get(token.userId());
                Group group = user == null ? null : groupsByName.get(user.group());
                if (user != null && group != null) {
                    callers.put(token.keyHash(), new Caller(token, user, group, null));
                }
            }
            return new Snapshot(usersById, groupsByName, tokensById, callers, root);
        }
    }

    private final Database database;
    private volatile Snapshot snapshot = Snapshot.of(List.of(), List.of(), List.of());

    Register(Database database, Changes changes, RootAccount rootAccount) {
        this.database = database;
        rootAccount.makeIfFirstStart();
        changes.follow(NAME, this::load);
    }

    Snapshot now() {
        return snapshot;
    }

    /** Tokens first: their users and groups were there before them, and cannot go while they are in use. */
    private Mono<Void> load() {
        return database.read(TokenTable::all)
                .collectList()
                .zipWhen(tokens -> database.read(UserTable::all).collectList())
                .zipWhen(
                        both -> database.read(GroupTable::all).collectList(),
                        (both, groups) -> Snapshot.of(both.getT1(), both.getT2(), groups))
                .doOnNext(loaded -> snapshot = loaded)
                .then();
    }
}
