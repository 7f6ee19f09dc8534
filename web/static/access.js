// Who looks at the page: asks for name and password when the server wants to know, and shows who came in.

const $ = (id) => document.getElementById(id);

/** As `fetch`; when the server does not know who asks, the login opens, and nothing is asked behind it. */
export async function ask(address, options) {
  if ($("login").open) throw new Error("nobody is logged in");
  const response = await fetch(address, options);
  if (response.status === 401) openLogin();
  return response;
}

export function openLogin() {
  if ($("login").open) return;
  $("login-problem").hidden = true;
  $("login").showModal();
  $("login-name").focus();
}

/** Says at the top who came in, if that was needed; gives their role, or null. */
export async function showWho() {
  const response = await ask("/api/v1/auth/profile").catch(() => null);
  if (!response?.ok) return null;
  const { user, role, by } = await response.json();
  $("who").hidden = by === "nothing";
  $("who-name").textContent = user.shownName ?? user.name;
  return role;
}

async function logIn() {
  const button = $("login-form").querySelector("button");
  button.disabled = true;
  const body = JSON.stringify({ name: $("login-name").value, password: $("login-password").value });
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body };
  const response = await fetch("/api/v1/auth/login", options).catch(() => null);
  button.disabled = false;
  if (response?.ok) {
    location.reload();
    return;
  }
  $("login-problem").textContent = await problem(response);
  $("login-problem").hidden = false;
  $("login-password").select();
}

async function problem(response) {
  if (!response) return "The server does not answer.";
  if (response.status === 429) return `Too many tries. Wait ${response.headers.get("Retry-After")} s.`;
  if (response.status === 401 || response.status === 422) return "Name or password is wrong.";
  const { message } = await response.json().catch(() => ({}));
  return message ?? `The server answers ${response.status}.`;
}

$("login-form").addEventListener("submit", (event) => {
  event.preventDefault();
  logIn();
});
// There is nothing behind it to go back to.
$("login").addEventListener("cancel", (event) => event.preventDefault());
$("leave").addEventListener("click", async () => {
  await fetch("/api/v1/auth/logout", { method: "POST" }).catch(() => null);
  location.reload();
});
