// Microsoft's JavaScript client on a directory: reads page by page, makes, changes, batches, deletes.
const { Client, PageIterator, BatchResponseContent } = require(process.env.GRAPH_CLIENT);
const { graph, token } = JSON.parse(process.env.TENANT);

async function main() {
  const client = Client.initWithMiddleware({
    baseUrl: graph.replace(/\/v1\.0$/, "/"),
    defaultVersion: "v1.0",
    customHosts: new Set([new URL(graph).hostname]),
    authProvider: { getAccessToken: async () => token },
  });
  const told = {};
  const names = ["ball0001", "ball0002", "ball0003"];
  for (const name of names) {
    await client.api("/users").post({
      accountEnabled: true,
      displayName: name,
      mailNickname: name,
      userPrincipalName: `${name}@nexus.ox.ac.uk`,
      employeeId: name.slice(4),
      passwordProfile: { password: "not-a-secret-1", forceChangePasswordNextSignIn: true },
    });
  }
  const seen = [];
  const first = await client.api("/users").select(["id", "userPrincipalName"]).top(1).get();
  await new PageIterator(client, first, (user) => seen.push(user.userPrincipalName) > 0).iterate();
  told.seen = seen.filter((name) => name.startsWith("ball")).sort();
  const found = await client.api("/users").filter("employeeId eq '0002'").select("id,displayName").get();
  const id = found.value[0].id;
  told.found = found.value.length;
  told.counted = await client.api("/users").header("ConsistencyLevel", "eventual").count(true)
    .filter("startsWith(userPrincipalName,'ball')").get().then((answer) => answer["@odata.count"]);
  await client.api(`/users/${id}`).update({ department: "History", usageLocation: "GB" });
  told.changed = await client.api(`/users/${id}`).select("department,usageLocation").get();
  // The client's own BatchRequestContent needs a browser's Request, which takes relative addresses.
  const requests = [
    { id: "1", method: "PATCH", url: `/users/${id}`, headers: { "Content-Type": "application/json" },
      body: { jobTitle: "Reader" } },
    { id: "2", method: "GET", url: "/users/nobody@nexus.ox.ac.uk", dependsOn: ["1"] },
    { id: "3", method: "GET", url: `/users/${id}?$select=jobTitle`, dependsOn: ["2"] },
  ];
  const responses = new BatchResponseContent(await client.api("/$batch").post({ requests }));
  told.batch = Object.fromEntries(Array.from(responses.getResponses()).map(([key, answer]) => [key, answer.status]));
  let page = await client.api("/users/delta").select("id,displayName").get();
  while (page["@odata.nextLink"]) page = await client.api(page["@odata.nextLink"]).get();
  await client.api(`/users/${id}`).delete();
  const after = await client.api(page["@odata.deltaLink"]).get();
  told.removed = after.value.map((user) => [user.id === id, user["@removed"]?.reason]);
  told.refused = await client.api("/users/nobody@nexus.ox.ac.uk").get().catch((error) => [error.statusCode, error.code]);
  told.conflict = await client.api("/users").post({ accountEnabled: true, displayName: "x", mailNickname: "x",
    userPrincipalName: "ball0001@nexus.ox.ac.uk", passwordProfile: { password: "not-a-secret-1" } })
    .catch((error) => [error.statusCode, error.code]);
  console.log(JSON.stringify(told));
}
main().catch((error) => { console.error(error); process.exit(1); });
