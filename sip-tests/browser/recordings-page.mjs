// Logs in and works with a recording: node recordings-page.mjs URL LOGIN PASSWORD. Needs NODE_PATH with playwright-core.
// Finds the one recording in the list, jumps to its gap, hears it go on from there, refuses to delete it once, and then
// deletes it. Ends with 1 and says why when something does not come or the page complains.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require(`${process.env.TANDEM_TEST_NODE_PATH}/playwright-core`);
const [url, login, password] = process.argv.slice(2);
const PATIENCE_MS = 20_000;

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
});
const complaints = [];
const asked = [];
let sure = false;
try {
  const page = await browser.newPage({ locale: "es", timezoneId: "America/Bogota" });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", (error) => complaints.push(`script: ${error}`));
  page.on("dialog", (dialog) => {
    asked.push(dialog.message());
    return sure ? dialog.accept() : dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(`from elsewhere: ${request.url()}`);
  });

  await page.goto(url);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.click("button[type=submit]");
  await page.click("a[href='/admin/recordings']");
  await page.locator("h2", { hasText: "Grabaciones" }).waitFor();
  const row = page.locator("#recordings tr", { hasText: "+15550170" });
  await row.waitFor();

  await row.locator("button", { hasText: " s en 0:00:0" }).click();
  const audio = row.locator("audio");
  await page.waitForFunction(() => {
    const audio = document.querySelector("#recordings audio");
    return audio.readyState >= 2 && audio.duration > 2 && (audio.currentTime > 0 || audio.ended);
  });
  if (await audio.evaluate((element) => element.error)) complaints.push("the audio does not play");
  await audio.evaluate((element) => { element.currentTime = 2; });
  await page.waitForFunction(() => document.querySelector("#recordings audio").currentTime >= 2);

  const away = row.locator("button", { hasText: "Eliminar" });
  await away.click();
  if (!(await row.isVisible())) complaints.push("deleted although the answer was no");
  sure = true;
  await away.click();
  await page.locator("#done", { hasText: "eliminado" }).waitFor();
  await page.locator("#recordings .empty").waitFor();
  if (asked.length !== 2 || !asked[0].includes("No se puede recuperar")) complaints.push(`asked: ${asked}`);
} catch (error) {
  complaints.push(String(error));
} finally {
  await browser.close();
}
for (const complaint of complaints) console.error(complaint);
process.exit(complaints.length > 0 ? 1 : 0);
